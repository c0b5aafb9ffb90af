/** MQTT over TLS, with client certificates where the options ask for them. */
import { createServer, type TLSSocket, type TlsOptions } from 'node:tls';
import type { Broker } from '../broker.ts';
import { type Listener, type ListenOptions, listen } from './listener.ts';
import { SocketStream, secureOriginOf } from './socket-stream.ts';

export interface ListenTlsOptions extends ListenOptions {
  /** As for `tls.createServer`; `requestCert` with `rejectUnauthorized: false` leaves the decision to `verify` and the authenticator. */
  readonly tls: TlsOptions;
  /** Looks at the client's certificate (DER, or undefined without one) before any MQTT; false closes the connection. */
  readonly verify?: (certificate: Buffer | undefined, socket: TLSSocket) => boolean | Promise<boolean>;
}

export interface TlsListener extends Listener {
  /** Takes a renewed certificate into use for connections from now on. */
  setSecureContext(options: TlsOptions): void;
}

/** How long a handshake may take, in milliseconds. */
const handshakeTimeout = 10_000;

export async function listenTls(broker: Broker, options: ListenTlsOptions): Promise<TlsListener> {
  const { name = 'mqtts', verify } = options;
  const server = createServer({ handshakeTimeout, ...options.tls }, socket => {
    if (verify === undefined) acceptTls(broker, name, socket);
    else void verified(verify, socket).then(good => (good ? acceptTls(broker, name, socket) : socket.destroy()));
  });
  // A failed handshake is the client's affair; its socket is closed already.
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  const listener = await listen(server, options);
  return { ...listener, setSecureContext: context => server.setSecureContext(context) };
}

/** Hands a TLS connection to the broker, for servers of one's own that learn by ALPN that it speaks MQTT. */
export function acceptTls(broker: Broker, name: string, socket: TLSSocket): void {
  if (socket.destroyed) return;
  broker.accept(new SocketStream(socket), secureOriginOf(name, socket));
}

async function verified(verify: NonNullable<ListenTlsOptions['verify']>, socket: TLSSocket): Promise<boolean> {
  const ignore = (): void => {};
  socket.on('error', ignore);
  try {
    return await verify(socket.getPeerX509Certificate()?.raw, socket);
  } catch {
    return false;
  } finally {
    socket.off('error', ignore);
  }
}
