/** A real OpenID Connect issuer (npm `oidc-provider`), with its own pages to sign in under any name. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';
import { afterAll } from 'vitest';

const open: Server[] = [];

afterAll(() => {
  for (const server of open) {
    server.close();
    server.closeAllConnections();
  }
});

export interface Issuer {
  readonly url: string;
  readonly clientId: string;
}

/** @param redirectUri of the one public client, which must use PKCE */
export async function startIssuer(redirectUri: string): Promise<Issuer> {
  const server = createServer();
  open.push(server);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const clientId = 'lights';
  const provider = new Provider(url, {
    clients: [
      {
        client_id: clientId,
        redirect_uris: [redirectUri],
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code'],
        response_types: ['code'],
        id_token_signed_response_alg: 'RS256',
      },
    ],
    clientBasedCORS: () => true,
    pkce: { required: () => true },
    cookies: { keys: ['of a test'] },
  });
  provider.on('server_error', (_, error) => console.error(error));
  server.on('request', provider.callback());
  return { url, clientId };
}

/** A port that was free a moment ago, for what must be named before it is opened. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise(resolve => server.close(resolve));
  return port;
}
