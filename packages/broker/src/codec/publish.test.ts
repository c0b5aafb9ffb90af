import { expect, test } from 'vitest';
import { decodePublish } from './decode.ts';
import { encodePublish } from './encode.ts';
import { RecentTopics } from './recent-topics.ts';

const fields = {
  topic: 'a/b',
  payload: Buffer.from('hi'),
  qos: 1,
  retain: false,
  dup: false,
  properties: undefined,
} as const;

test('the packet id of an encoded PUBLISH is 0 and can be patched', () => {
  for (const version of [4, 5] as const) {
    const { bytes, packetIdOffset } = encodePublish(fields, version);
    expect(bytes.readUInt16BE(packetIdOffset)).toBe(0);
    bytes.writeUInt16BE(0x1234, packetIdOffset);
    expect(decodePublish(bytes[0]!, bytes, 2, bytes.length, version)).toMatchObject({ packetId: 0x1234, topic: 'a/b' });
  }
});

test('a PUBLISH of QoS 0 has no packet id to patch', () => {
  expect(encodePublish({ ...fields, qos: 0 }, 4).packetIdOffset).toBe(-1);
});

test('DUP is bit 3 of the first byte', () => {
  const { bytes } = encodePublish(fields, 4);
  bytes[0]! |= 8;
  expect(bytes).toStrictEqual(encodePublish({ ...fields, dup: true }, 4).bytes);
});

test('the offset of the packet id holds behind a topic that is not ASCII and a long fixed header', () => {
  const topic = 'gerät/温度/💡';
  const { bytes, packetIdOffset } = encodePublish({ ...fields, topic, payload: Buffer.alloc(20_000) }, 5);
  expect(packetIdOffset).toBe(4 + 2 + Buffer.byteLength(topic));
  bytes.writeUInt16BE(7, packetIdOffset);
  const decoded = decodePublish(bytes[0]!, bytes, 4, bytes.length, 5);
  expect(decoded).toMatchObject({ topic, packetId: 7 });
  expect(decoded.payload.length).toBe(20_000);
});

test('properties are left out of a 3.1.1 PUBLISH', () => {
  const { bytes } = encodePublish({ ...fields, properties: { contentType: 'text' } }, 4);
  expect(bytes).toStrictEqual(encodePublish(fields, 4).bytes);
});

test('a topic of 65,535 bytes fits, a longer one is a RangeError', () => {
  const { bytes } = encodePublish({ ...fields, qos: 0, topic: 'é'.repeat(32_767) }, 4);
  expect(decodePublish(bytes[0]!, bytes, 4, bytes.length, 4).topic).toBe('é'.repeat(32_767));
  expect(() => encodePublish({ ...fields, topic: 'é'.repeat(32_768) }, 4)).toThrow(RangeError);
});

test('the payload is a view of the buffer', () => {
  const { bytes } = encodePublish({ ...fields, qos: 0 }, 4);
  const { payload } = decodePublish(bytes[0]!, bytes, 2, bytes.length, 4);
  bytes.write('ho', bytes.length - 2);
  expect(payload.toString()).toBe('ho');
});

test('a topic a connection used before comes back as it was, whatever the buffer holds now', () => {
  const recent = new RecentTopics();
  const one = encodePublish({ ...fields, qos: 0, topic: 'a/one' }, 4).bytes;
  const two = encodePublish({ ...fields, qos: 0, topic: 'a/two' }, 4).bytes;
  const topics = [one, two, one, two].map(bytes => decodePublish(0x30, bytes, 2, bytes.length, 4, recent).topic);
  expect(topics).toStrictEqual(['a/one', 'a/two', 'a/one', 'a/two']);
});
