import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningThingd, startThingd } from '../index.ts';

/** Milliseconds a connection that is let go may take to be gone: more would be the kernel's patience, or none at all. */
const soon = 2000;

const upgradeOf = (path: string): string =>
  [
    `GET ${path} HTTP/1.1`,
    'Host: localhost',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    '\r\n',
  ].join('\r\n');

describe('an upgrade that is refused', () => {
  let thingd: RunningThingd;

  beforeAll(async () => {
    thingd = await startThingd();
  });

  afterAll(() => thingd.close());

  /** A client that never ends its own side of the connection. */
  async function ask(path: string): Promise<{ socket: Socket; answer: string }> {
    const port = Number(new URL(thingd.endpoints.http ?? '').port);
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.write(upgradeOf(path));
    const [data] = (await once(socket, 'data')) as [Buffer];
    return { socket, answer: data.toString('latin1') };
  }

  test.each([
    ['at a path that has none', '/nowhere', 'HTTP/1.1 404 '],
    ['without MQTT among its subprotocols', '/mqtt', 'HTTP/1.1 400 '],
  ])('%s leaves no connection behind, though the client keeps its side open', async (_case, path, status) => {
    const { socket, answer } = await ask(path);
    expect(answer.startsWith(status)).toBe(true);
    const { promise: reset, resolve } = Promise.withResolvers<string>();
    socket.on('error', ({ code }: NodeJS.ErrnoException) => resolve(code ?? ''));
    // Whoever still holds the other side takes these bytes; where nobody does, the system answers with a reset.
    const knocking = setInterval(() => socket.write('x'), 20);
    const late = setTimeout(() => resolve('still open'), soon);
    expect(await reset).toMatch(/^(?:ECONNRESET|EPIPE)$/);
    clearInterval(knocking);
    clearTimeout(late);
    socket.destroy();
  });

  test.each(['/nowhere', '/mqtt'])('is survived when the client of %s resets the connection', async path => {
    for (let count = 0; count < 20; count++) {
      const port = Number(new URL(thingd.endpoints.http ?? '').port);
      const socket = connect({ port, host: '127.0.0.1' });
      socket.write(upgradeOf(path));
      if (count % 2 === 0) await once(socket, 'data');
      else await once(socket, 'connect');
      socket.resetAndDestroy();
    }
    expect((await fetch(`${thingd.endpoints.http}/healthz`)).status).toBe(200);
  });
});
