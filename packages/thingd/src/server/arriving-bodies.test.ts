import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { boundArrivingBodies } from './arriving-bodies.ts';

let server: FastifyInstance;
const sockets: Socket[] = [];

beforeEach(async () => {
  server = Fastify({ forceCloseConnections: true });
  server.addHook('preParsing', boundArrivingBodies(2000));
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: 1500 }, (_request, body, done) => done(null, body));
  server.post('/', async request => ({ received: (request.body as Buffer).length }));
  server.get('/', (_request, reply) => {
    setTimeout(() => reply.send({ read: false }), 50);
  });
  await server.listen({ host: '127.0.0.1', port: 0 });
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server.close();
});

/** A request whose body has `length` bytes, so many of which are sent. */
async function send(bytes: number, length = 1000, method = 'POST'): Promise<Socket> {
  const socket = connect((server.server.address() as AddressInfo).port, '127.0.0.1');
  sockets.push(socket);
  await once(socket, 'connect');
  socket.write(`${method} / HTTP/1.1\r\nhost: a\r\ncontent-type: text/plain\r\ncontent-length: ${length}\r\n\r\n`);
  socket.write('x'.repeat(bytes));
  return socket;
}

const answerOf = async (socket: Socket): Promise<string> => String((await once(socket, 'data'))[0]);

/** The server has read what was sent when a request behind it is answered. */
const settled = async (): Promise<string> => answerOf(await send(100, 100));

test('bodies that are half here are bounded together, and those who stay within go on', async () => {
  const first = await send(700);
  const second = await send(700);
  await settled();
  const refused = await answerOf(await send(700));
  expect(refused).toMatch(/^HTTP\/1\.1 503 /);
  expect(refused).toMatch(/connection: close/i);
  for (const socket of [first, second]) {
    socket.write('x'.repeat(300));
    expect(await answerOf(socket)).toContain('{"received":1000}');
  }
});

test('what a lost connection had sent does not count any more', async () => {
  const lost = [await send(900), await send(900)];
  await settled();
  expect(await answerOf(await send(500))).toMatch(/^HTTP\/1\.1 503 /);
  for (const socket of lost) socket.destroy();
  await expect.poll(async () => answerOf(await send(1000))).toContain('{"received":1000}');
});

test('a body that nobody reads does not count, however long', async () => {
  const unread = await send(5000, 5000, 'GET');
  const tooLarge = await send(5000, 5000);
  expect(await answerOf(unread)).toContain('{"read":false}');
  expect(await answerOf(tooLarge)).toMatch(/^HTTP\/1\.1 413 /);
  expect(await settled()).toMatch(/^HTTP\/1\.1 200 /);
});
