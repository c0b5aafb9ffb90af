/** AWS's signatures, for requests the program makes. */
export { type SigningCredentials, type SigningScope, signedHeaders } from './sign.ts';
