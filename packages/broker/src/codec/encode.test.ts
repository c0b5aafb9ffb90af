import { expect, test } from 'vitest';
import { decodePacket } from './decode.ts';
import { encodePacket } from './encode.ts';
import { publish } from './fixtures/fixture.ts';
import { ReasonCode } from './reason-code.ts';

test('a packet keeps its bytes when the next one is encoded', () => {
  const first = encodePacket({ type: 'puback', packetId: 1, reasonCode: 0, properties: undefined }, 4);
  encodePacket({ type: 'puback', packetId: 2, reasonCode: 0, properties: undefined }, 4);
  expect(first.toString('hex')).toBe('40020001');
});

test('a packet far beyond the scratch buffer is whole', () => {
  const filters = Array.from({ length: 5_000 }, (_, i) => `a/long/filter/number/${i}`);
  const bytes = encodePacket({ type: 'unsubscribe', packetId: 1, filters, properties: undefined }, 4);
  expect(decodePacket(0xa2, bytes, 4, bytes.length, 4)).toMatchObject({ packetId: 1, filters });
});

test.each([
  [127, '7f'],
  [128, '8001'],
  [16_383, 'ff7f'],
  [16_384, '808001'],
  [2_097_151, 'ffff7f'],
  [2_097_152, '80808001'],
])('a remaining length of %i is written as %s', (length, header) => {
  const bytes = encodePacket(publish({ payload: Buffer.alloc(length - 5) }), 4);
  expect(bytes.toString('hex', 1, 1 + header.length / 2)).toBe(header);
  expect(bytes.length).toBe(1 + header.length / 2 + length);
  expect(bytes.toString('latin1', bytes.length - length + 2, bytes.length - length + 5)).toBe('a/b');
});

test('a property section over 127 bytes has a length of two bytes', () => {
  const bytes = encodePacket(
    { type: 'disconnect', reasonCode: 0x8e, properties: { reasonString: 'r'.repeat(125) } },
    5,
  );
  expect(bytes.subarray(0, 9).toString('hex')).toBe('e083018e80011f007d');
  expect(bytes.length).toBe(3 + 1 + 2 + 128);
});

test('an undefined property is not written', () => {
  const properties = { contentType: undefined, messageExpiryInterval: 1 } as { messageExpiryInterval: number };
  expect(encodePacket(publish({ properties }), 5)).toStrictEqual(
    encodePacket(publish({ properties: { messageExpiryInterval: 1 } }), 5),
  );
});

test('a property the packet cannot carry is a TypeError', () => {
  expect(() => encodePacket(publish({ properties: { willDelayInterval: 1 } }), 5)).toThrow(
    'property `willDelayInterval` is not allowed in this packet',
  );
});

test('an encoder that has thrown encodes the next packet as ever', () => {
  expect(() => encodePacket(publish({ properties: { contentType: 'x', willDelayInterval: 1 } }), 5)).toThrow(TypeError);
  const properties = { contentType: 'x' };
  expect(encodePacket(publish({ properties }), 5).toString('hex')).toBe('300c0003612f620403000178' + '6869');
});

test('a string over 65,535 bytes is a RangeError', () => {
  const packet = { type: 'unsubscribe', packetId: 1, filters: ['x'.repeat(65_536)], properties: undefined } as const;
  expect(() => encodePacket(packet, 4)).toThrow(RangeError);
});

test('3.1.1 leaves out what it has no room for', () => {
  const properties = { reasonString: 'no' };
  const hex = (bytes: Buffer) => bytes.toString('hex');
  const { notAuthorized, quotaExceeded, serverBusy } = ReasonCode;
  expect(hex(encodePacket({ type: 'puback', packetId: 7, reasonCode: notAuthorized, properties }, 4))).toBe('40020007');
  expect(hex(encodePacket({ type: 'suback', packetId: 7, reasonCodes: [1, quotaExceeded], properties }, 4))).toBe(
    '900400070180',
  );
  expect(hex(encodePacket({ type: 'unsuback', packetId: 7, reasonCodes: [0x11], properties }, 4))).toBe('b0020007');
  expect(hex(encodePacket({ type: 'disconnect', reasonCode: serverBusy, properties }, 4))).toBe('e000');
  expect(hex(encodePacket({ type: 'connack', sessionPresent: false, reasonCode: serverBusy, properties }, 4))).toBe(
    '20020003',
  );
});

test('AUTH in 3.1.1 is a TypeError', () => {
  expect(() => encodePacket({ type: 'auth', reasonCode: 0, properties: undefined }, 4)).toThrow(TypeError);
});
