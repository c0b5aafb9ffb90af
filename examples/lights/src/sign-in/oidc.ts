/**
 * Sign-in by any OpenID Connect issuer: the page gets an ID token by the code flow with PKCE, the backend checks it against the
 * keys the issuer publishes. *OpenID Connect Core 1.0, 3.1.3.7; Discovery 1.0, 4*
 */
import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose';
import type { SignIn } from './sign-in.ts';

export interface OidcOptions {
  /** As the issuer calls itself: its discovery document says the same. */
  readonly issuer: string;
  /** Of a public client, allowed to use PKCE without a secret. */
  readonly clientId: string;
}

/** Signatures by the issuer's private key alone: `none` and shared secrets are no proof. */
const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

/** Rejects if the issuer cannot be asked or is another. */
export async function oidcSignIn({ issuer, clientId }: OidcOptions): Promise<SignIn> {
  const response = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
  if (!response.ok) throw new Error(`${issuer} has no discovery document: ${response.status}`);
  const discovered = (await response.json()) as Record<'issuer' | 'jwks_uri' | 'token_endpoint', string | undefined>;
  const { jwks_uri, token_endpoint } = discovered;
  if (discovered.issuer !== issuer)
    throw new Error(`the issuer calls itself \`${discovered.issuer}\`, not \`${issuer}\``);
  if (!jwks_uri || !token_endpoint) throw new Error(`${issuer} publishes no keys or has no token endpoint`);
  const keys = createRemoteJWKSet(new URL(jwks_uri));
  return {
    announcement: { mode: 'oidc', issuer, clientId, scope: 'openid' },
    origins: [...new Set([new URL(issuer).origin, new URL(token_endpoint).origin])],
    async verify(token) {
      const claims = await claimsOf(token, keys, { issuer, clientId });
      if (!claims?.sub || claims.exp === undefined) return undefined;
      return { issuer, subject: claims.sub, expiresAt: claims.exp * 1000 };
    },
  };
}

async function claimsOf(token: string, keys: ReturnType<typeof createRemoteJWKSet>, { issuer, clientId }: OidcOptions) {
  try {
    const options = {
      issuer,
      audience: clientId,
      algorithms,
      requiredClaims: ['sub', 'exp', 'iat'],
      clockTolerance: 5,
    };
    const { payload } = await jwtVerify<JWTPayload & { azp?: string }>(token, keys, options);
    // A token for several audiences names the one it was issued to.
    return payload.azp === undefined || payload.azp === clientId ? payload : undefined;
  } catch (error) {
    // An issuer that cannot be reached says nothing about the token.
    if (error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout)) return undefined;
    throw error;
  }
}
