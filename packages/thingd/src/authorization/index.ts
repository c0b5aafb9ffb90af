export { deviceCaller, signedClient } from './callers.ts';
export { ClientAuthenticator, plainAddress, type UnauthorizedAttempt } from './client-authenticator.ts';
export { type ConnectedThing, ConnectionAuthorizer } from './connection-authorizer.ts';
export { type Denial, Denials } from './denials.ts';
export { DeviceCertificates } from './device-certificates.ts';
export { LiveConnections } from './live-connections.ts';
export { bindPermissions, type ClientIdentity, everything, PermissionResolver, principalOf } from './permissions.ts';
