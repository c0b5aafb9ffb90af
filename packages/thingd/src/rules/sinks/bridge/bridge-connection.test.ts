import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { IClientPublishOptions } from 'mqtt';
import { afterEach, expect, test } from 'vitest';
import { BridgeConnection, packetSize } from './bridge-connection.ts';

const servers: Server[] = [];
const connections: BridgeConnection[] = [];
afterEach(async () => {
  for (const connection of connections.splice(0)) connection.end('the test is over');
  await Promise.all(servers.splice(0).map(server => new Promise(resolve => server.close(resolve))));
});

/** A server that answers CONNECT with `connack` and then leaves it to the test, which sees what comes. */
async function openPeer(connack: string) {
  let received = Buffer.alloc(0);
  const peer: { socket: Socket | undefined } = { socket: undefined };
  const server = createServer(socket => {
    peer.socket = socket;
    socket.once('data', () => {
      socket.write(Buffer.from(connack, 'hex'));
      socket.on('data', chunk => {
        received = Buffer.concat([received, chunk]);
        socket.emit('more');
      });
    });
    socket.on('error', () => {});
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const options = { clientId: 'c', protocolVersion: 5 } as const;
  const connection = await BridgeConnection.open(`mqtt://127.0.0.1:${port}`, options, new AbortController().signal);
  connections.push(connection);
  const hasBytes = async (count: number): Promise<Buffer> => {
    while (received.length < count) await once(peer.socket!, 'more');
    return received;
  };
  const send = (hex: string): void => void peer.socket!.write(Buffer.from(hex, 'hex'));
  return { connection, hasBytes, send, socket: () => peer.socket!, received: () => received };
}

const accepted = '2003000000';
const qos1 = { qos: 1 } as const;
const userProperties = { 'thingd-hops': ['1'], room: ['a', 'b'] };
const withProperty: IClientPublishOptions = { qos: 1, properties: { userProperties } };
const payload = Buffer.from('{"n":1}');

/** PUBACK for a PUBLISH, with a reason code (MQTT 5, 3.4). */
const puback = (packetId: number, reasonCode = 0): string =>
  Buffer.from([0x40, 3, packetId >> 8, packetId & 0xff, reasonCode]).toString('hex');

/** Of the PUBLISH to the topic `a/b` at an offset. */
const packetIdAt = (bytes: Buffer, offset: number): number => bytes.readUInt16BE(offset + 2 + 2 + 3);

test('a message counts as sent when it has been acknowledged, and no earlier', async () => {
  const { connection, hasBytes, send } = await openPeer(accepted);
  let isSent = false;
  const sending = connection.publish('a/b', payload, qos1).then(() => {
    isSent = true;
  });
  const bytes = await hasBytes(packetSize('a/b', payload, qos1));
  expect(isSent).toBe(false);
  send(puback(packetIdAt(bytes, 0)));
  await sending;
});

test.each([
  [0x87, false],
  [0x90, false],
  [0x99, false],
  [0x83, true],
  [0x97, true],
])('after a PUBACK with reason code %i a later attempt may succeed: %s', async (reasonCode, isTransient) => {
  const { connection, hasBytes, send } = await openPeer(accepted);
  const sending = connection.publish('a/b', payload, qos1);
  const expected = expect(sending).rejects.toMatchObject({ name: 'ActionFailure', isTransient });
  const bytes = await hasBytes(packetSize('a/b', payload, qos1));
  send(puback(packetIdAt(bytes, 0), reasonCode));
  await expected;
});

test('what is not acknowledged when the connection ends is for a later attempt, and so is what comes after', async () => {
  const { connection, hasBytes, socket } = await openPeer(accepted);
  const sending = connection.publish('a/b', payload, qos1);
  const expected = expect(sending).rejects.toMatchObject({ isTransient: true });
  await hasBytes(1);
  socket().destroy();
  await expected;
  await connection.closed;
  await expect(connection.publish('a/b', payload, qos1)).rejects.toMatchObject({ isTransient: true });
});

test('a reason the other side gives is passed on', async () => {
  const { connection, hasBytes, send, socket } = await openPeer(accepted);
  const sending = connection.publish('a/b', payload, qos1);
  const expected = expect(sending).rejects.toThrow('the other side disconnected: busy');
  await hasBytes(1);
  // DISCONNECT 0x89 with the reason string `busy`.
  send('e009 89 07 1f 0004 62757379'.replaceAll(' ', ''));
  socket().end();
  await expected;
});

test('no more are in flight than the other side takes', async () => {
  const { connection, hasBytes, send, received } = await openPeer('20060000032100 01'.replaceAll(' ', ''));
  const size = packetSize('a/b', payload, qos1);
  const [first, second] = [connection.publish('a/b', payload, qos1), connection.publish('a/b', payload, qos1)];
  const bytes = await hasBytes(size);
  await new Promise(resolve => setImmediate(resolve));
  expect(received()).toHaveLength(size);
  send(puback(packetIdAt(bytes, 0)));
  await first;
  send(puback(packetIdAt(await hasBytes(2 * size), size)));
  await second;
});

test('a message that is too large for the other side is not sent, to the byte', async () => {
  const size = packetSize('a/b', payload, withProperty);
  const maximum = size.toString(16).padStart(8, '0');
  const { connection, hasBytes, send, received } = await openPeer(`2008000005 27${maximum}`.replaceAll(' ', ''));
  const larger = Buffer.concat([payload, Buffer.from(' ')]);
  await expect(connection.publish('a/b', larger, withProperty)).rejects.toMatchObject({ isTransient: false });
  const sending = connection.publish('a/b', payload, withProperty);
  const bytes = await hasBytes(size);
  expect(received()).toHaveLength(size);
  send(puback(packetIdAt(bytes, 0)));
  await sending;
});
