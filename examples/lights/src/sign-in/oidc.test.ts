import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { oidcSignIn } from './oidc.ts';
import type { SignIn } from './sign-in.ts';

let server: Server;
let issuer: string;
let privateKey: CryptoKey;
let signIn: SignIn;

beforeAll(async () => {
  const keys = await generateKeyPair('ES256');
  privateKey = keys.privateKey;
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'k', alg: 'ES256' };
  server = createServer(({ url }, response) => {
    const document = { issuer, jwks_uri: `${issuer}/keys`, token_endpoint: `${issuer}/token` };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(url === '/keys' ? { keys: [jwk] } : document));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  signIn = await oidcSignIn({ issuer, clientId: 'lights' });
});

afterAll(() => {
  server.close();
  server.closeAllConnections();
});

const seconds = (): number => Math.floor(Date.now() / 1000);
const sound = (): JWTPayload => ({ iss: issuer, aud: 'lights', sub: 'hanako', iat: seconds(), exp: seconds() + 60 });

const token = (claims: JWTPayload, key: CryptoKey | Uint8Array = privateKey, alg = 'ES256'): Promise<string> =>
  new SignJWT(claims).setProtectedHeader({ alg, kid: 'k' }).sign(key);

describe('an ID token', () => {
  test('tells who it is, and until when', async () => {
    const claims = sound();
    const person = { issuer, subject: 'hanako', expiresAt: claims.exp! * 1000 };
    expect(await signIn.verify(await token(claims))).toEqual(person);
    expect(await signIn.verify(await token({ ...claims, aud: ['lights', 'other'], azp: 'lights' }))).toEqual(person);
  });

  test.each([
    ['for another client', { aud: 'other' }],
    ['issued to another client', { aud: ['lights', 'other'], azp: 'other' }],
    ['of another issuer', { iss: 'https://elsewhere.example' }],
    ['that has expired', { exp: 1_700_000_000 }],
    ['that never expires', { exp: undefined }],
    ['that is not valid yet', { nbf: 9_999_999_999 }],
    ['of nobody', { sub: undefined }],
  ])('is refused: %s', async (_, change) => {
    expect(await signIn.verify(await token({ ...sound(), ...change }))).toBeUndefined();
  });

  test('is refused with a signature that is not the issuer’s', async () => {
    const { privateKey: another } = await generateKeyPair('ES256');
    expect(await signIn.verify(await token(sound(), another))).toBeUndefined();
    const secret = new TextEncoder().encode('a secret that everybody knows, of 32 bytes');
    expect(await signIn.verify(await token(sound(), secret, 'HS256'))).toBeUndefined();
  });
});

test('an issuer must call itself what it is called', async () => {
  await expect(oidcSignIn({ issuer: issuer.replace('127.0.0.1', 'localhost'), clientId: 'a' })).rejects.toThrow(
    'calls itself',
  );
});
