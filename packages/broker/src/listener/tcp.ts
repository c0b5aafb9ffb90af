/** MQTT over plain TCP. */
import { createServer } from 'node:net';
import type { Broker } from '../broker.ts';
import { type Listener, type ListenOptions, listen } from './listener.ts';
import { originOf, SocketStream } from './socket-stream.ts';

export function listenTcp(broker: Broker, options: ListenOptions): Promise<Listener> {
  const { name = 'mqtt' } = options;
  const server = createServer({ noDelay: true }, socket => {
    broker.accept(new SocketStream(socket), originOf(name, socket));
  });
  return listen(server, options);
}
