/**
 * Who is signed in: an ID token by the code flow with PKCE, or in development a name. Kept for this tab alone.
 * *RFC 7636; OpenID Connect Core 1.0, 3.1*
 */
import * as oauth from 'oauth4webapi';

export type Announcement = { mode: 'development' } | { mode: 'oidc'; issuer: string; clientId: string; scope: string };

/** What must be remembered while the person is at the issuer's. */
interface Departure {
  verifier: string;
  state: string;
  nonce: string;
}

export const token = (): string | null => sessionStorage.getItem('token');
export const signOut = (): void => sessionStorage.removeItem('token');
export const signInAs = (name: string): void => sessionStorage.setItem('token', name);

const redirectUri = (): string => `${location.origin}/`;

async function issuerOf({ issuer }: { issuer: string }) {
  const url = new URL(issuer);
  // An issuer on this machine may do without TLS.
  const insecure = { [oauth.allowInsecureRequests]: url.protocol === 'http:' };
  const server = await oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, insecure));
  return { server, insecure };
}

/** Leaves the page for the issuer's. */
export async function leaveToSignIn(announcement: Extract<Announcement, { mode: 'oidc' }>): Promise<void> {
  const { server } = await issuerOf(announcement);
  const departure: Departure = {
    verifier: oauth.generateRandomCodeVerifier(),
    state: oauth.generateRandomState(),
    nonce: oauth.generateRandomNonce(),
  };
  sessionStorage.setItem('departure', JSON.stringify(departure));
  const url = new URL(server.authorization_endpoint!);
  url.search = new URLSearchParams({
    client_id: announcement.clientId,
    redirect_uri: redirectUri(),
    response_type: 'code',
    scope: announcement.scope,
    code_challenge: await oauth.calculatePKCECodeChallenge(departure.verifier),
    code_challenge_method: 'S256',
    state: departure.state,
    nonce: departure.nonce,
  }).toString();
  location.assign(url);
}

/** Coming back from the issuer's: exchanges the code for a token. Throws if the issuer refused, or it is not what was begun. */
export async function returnFromSignIn({ issuer, clientId }: { issuer: string; clientId: string }): Promise<void> {
  const kept = sessionStorage.getItem('departure');
  const url = new URL(location.href);
  if (kept === null || !(url.searchParams.has('code') || url.searchParams.has('error'))) return;
  sessionStorage.removeItem('departure');
  history.replaceState(null, '', '/'); // a code is good for once
  const { verifier, state, nonce } = JSON.parse(kept) as Departure;
  const { server, insecure } = await issuerOf({ issuer });
  const client = { client_id: clientId };
  const parameters = oauth.validateAuthResponse(server, client, url, state);
  const answer = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    oauth.None(),
    parameters,
    redirectUri(),
    verifier,
    insecure,
  );
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, answer, {
    expectedNonce: nonce,
    requireIdToken: true,
  });
  sessionStorage.setItem('token', tokens.id_token!);
}
