/** For servers of others that take no 0 for a port. */
import { createServer } from 'node:net';

/** Free a moment ago, on the loopback. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise(resolve => server.close(resolve));
  return port;
}
