/** What every listener has in common: an address, an end, and sockets it must not leave behind. */
import type { AddressInfo, Server } from 'node:net';

export interface Listener {
  readonly address: AddressInfo;
  /** Stops accepting; connections handed to the broker are the broker's to end. */
  close(): Promise<void>;
}

export interface ListenOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** As it stands in `Origin.listener`. */
  readonly name?: string;
  /** Connections the system may hold until they are accepted. */
  readonly backlog?: number;
}

/** Binds `server`. Rejects with the system's error, such as `EADDRINUSE`. */
export function listen(server: Server, { host, port, backlog = 4096 }: ListenOptions): Promise<Listener> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog }, () => {
      server.off('error', reject);
      // Running out of file descriptors must not end the program; clients try again.
      server.on('error', () => {});
      resolve({ address: server.address() as AddressInfo, close: () => stop(server) });
    });
  });
}

/** Waits for no socket: those still open belong to others. */
function stop(server: Server): Promise<void> {
  server.close();
  return Promise.resolve();
}
