import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { shareReads } from './shared-read.ts';

/** A connected pair: what a server accepted and did not read, and the peer. */
async function pair(): Promise<{ accepted: Socket; peer: Socket; close: () => void }> {
  const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const peer = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [accepted] = (await once(server, 'connection')) as [Socket];
  const close = (): void => {
    peer.destroy();
    server.close();
  };
  return { accepted, peer, close };
}

test('this Node lets accepted sockets share a read buffer, and each gets its own bytes, its end and its close', async () => {
  const pairs = await Promise.all([pair(), pair()]);
  const received = ['', ''];
  const sockets = pairs.map(({ accepted }, i) =>
    shareReads(accepted, chunk => {
      received[i] += chunk.toString();
    }),
  );
  for (const socket of sockets) expect(socket).toBeDefined();
  for (let round = 0; round < 50; round++) {
    for (const [i, { peer }] of pairs.entries()) peer.write(`${i}${round};`);
  }
  const expected = (i: number): string => Array.from({ length: 50 }, (_, round) => `${i}${round};`).join('');
  await expect.poll(() => received).toEqual([expected(0), expected(1)]);
  const closes = sockets.map(socket => once(socket!, 'close'));
  for (const { peer } of pairs) peer.end();
  await Promise.all(closes);
  for (const { close } of pairs) close();
});

test('a paused socket reads nothing until it is resumed', async () => {
  const { accepted, peer, close } = await pair();
  let received = '';
  const socket = shareReads(accepted, chunk => {
    received += chunk.toString();
  })!;
  socket.pause();
  peer.write('hello');
  await new Promise(resolve => setImmediate(() => setImmediate(resolve)));
  expect(received).toBe('');
  socket.resume();
  await expect.poll(() => received).toBe('hello');
  close();
});

test('a handle that cannot do it leaves the socket as it was', async () => {
  const { accepted, peer, close } = await pair();
  const handle = (accepted as unknown as { _handle: { useUserBuffer: unknown } })._handle;
  handle.useUserBuffer = undefined;
  expect(shareReads(accepted, () => {})).toBeUndefined();
  const data = once(accepted.resume(), 'data');
  peer.write('hello');
  expect(String((await data)[0])).toBe('hello');
  close();
});
