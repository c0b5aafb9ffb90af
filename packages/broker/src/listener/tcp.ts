/** MQTT over plain TCP. */
import { createServer } from 'node:net';
import type { Broker } from '../broker.ts';
import { type Listener, type ListenOptions, listen } from './listener.ts';
import { originOf, SocketStream } from './socket-stream.ts';

export function listenTcp(broker: Broker, options: ListenOptions): Promise<Listener> {
  const { name = 'mqtt' } = options;
  const server = createServer({ pauseOnConnect: true }, accepted => {
    const stream = new SocketStream(accepted, true);
    broker.accept(stream, originOf(name, stream.socket));
  });
  return listen(server, options);
}
