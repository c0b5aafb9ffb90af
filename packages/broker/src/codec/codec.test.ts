import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodePacket } from './decode.ts';
import { encodePacket } from './encode.ts';
import { FrameReader } from './frame.ts';
import type { Packet, Properties, ProtocolVersion, QoS, Will } from './packet.ts';
import { Carrier, type PropertySpecification, propertyTable } from './property-table.ts';
import { MqttError, ReasonCode } from './reason-code.ts';
import { reasonCodesOf } from './reason-code-table.ts';

const version = fc.constantFrom<ProtocolVersion>(4, 5);
const qos = fc.constantFrom<QoS>(0, 1, 2);
const packetId = fc.integer({ min: 1, max: 65_535 });
const text = fc.string({ unit: 'grapheme', maxLength: 40 }).filter(s => !s.includes('\0'));
const topicName = text.map(s => s.replaceAll(/[+#]/g, '/')).filter(s => s.length > 0);
const bytes = fc.uint8Array({ maxLength: 300 }).map(array => Buffer.from(array));

/** Any value a property may have, by its type in the table. */
function propertyValue({ type, positive }: PropertySpecification): fc.Arbitrary<unknown> {
  const min = positive ? 1 : 0;
  switch (type) {
    case 'boolean':
      return fc.boolean();
    case 'bit':
      return fc.constantFrom(0, 1);
    case 'uint16':
      return fc.integer({ min, max: 0xffff });
    case 'uint32':
      return fc.integer({ min, max: 0xffffffff });
    case 'variableByteInteger':
      return fc.array(fc.integer({ min, max: 268_435_455 }), { minLength: 1, maxLength: 3 });
    case 'string':
      return text;
    case 'topicName':
      return topicName;
    case 'binary':
      return bytes;
    case 'stringPair':
      return fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 3 });
    default:
      return type satisfies never;
  }
}

/** Undefined in 3.1.1 and where there are none; otherwise some of those that `carrier` may carry. */
function properties(of: ProtocolVersion, carrier: Carrier): fc.Arbitrary<Properties | undefined> {
  if (of === 4) return fc.constant(undefined);
  const allowed = propertyTable.filter(specification => (specification.carriers & carrier) !== 0);
  const model: Record<string, fc.Arbitrary<unknown>> = {};
  for (const specification of allowed) model[specification.name] = propertyValue(specification);
  return fc.record(model, { requiredKeys: [], noNullPrototype: true }).map(value => {
    const some = value as Properties;
    if (carrier === Carrier.connect && some.authenticationMethod === undefined) delete some.authenticationData;
    if (carrier === Carrier.subscribe) some.subscriptionIdentifiers = some.subscriptionIdentifiers?.slice(0, 1);
    if (some.subscriptionIdentifiers === undefined) delete some.subscriptionIdentifiers;
    return Object.keys(some).length === 0 ? undefined : some;
  });
}

function will(of: ProtocolVersion): fc.Arbitrary<Will | undefined> {
  const some = fc.record(
    { topic: topicName, payload: bytes, qos, retain: fc.boolean(), properties: properties(of, Carrier.will) },
    { noNullPrototype: true },
  );
  return fc.option(some, { nil: undefined });
}

function reasonCode(of: ProtocolVersion, carrier: Parameters<typeof reasonCodesOf>[0]): fc.Arbitrary<number> {
  return of === 5 ? fc.constantFrom(...reasonCodesOf(carrier)) : fc.constant(0);
}

function packet(of: ProtocolVersion): fc.Arbitrary<Packet> {
  const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record<T>(model, { noNullPrototype: true });
  const username = fc.option(text, { nil: undefined });
  const password = fc.option(bytes, { nil: undefined });
  const acknowledgement = (['puback', 'pubrec', 'pubrel', 'pubcomp'] as const).map(type =>
    record({
      type: fc.constant(type),
      packetId,
      reasonCode: reasonCode(of, type),
      properties: properties(of, Carrier[type]),
    }),
  );
  const plain = { noLocal: fc.constant(false), retainAsPublished: fc.constant(false), retainHandling: fc.constant(0) };
  const options =
    of === 4
      ? plain
      : {
          noLocal: fc.boolean(),
          retainAsPublished: fc.boolean(),
          retainHandling: fc.constantFrom(0, 1, 2),
        };
  const filter = text.filter(s => !s.startsWith('$share/'));
  const refusals = [0, 0x84, 0x85, 0x86, 0x87, 0x88];
  const all: fc.Arbitrary<unknown>[] = [
    record({
      type: fc.constant('connect'),
      protocolVersion: fc.constant(of),
      clientId: text,
      cleanStart: fc.boolean(),
      keepAlive: fc.integer({ min: 0, max: 65_535 }),
      username,
      password,
      will: will(of),
      properties: properties(of, Carrier.connect),
    }).filter(connect => of === 5 || connect.username !== undefined || connect.password === undefined),
    record({
      type: fc.constant('connack'),
      sessionPresent: fc.boolean(),
      reasonCode: of === 5 ? reasonCode(of, 'connack') : fc.constantFrom(...refusals),
      properties: properties(of, Carrier.connack),
    }),
    record({
      type: fc.constant('publish'),
      topic: topicName,
      qos,
      retain: fc.boolean(),
      dup: fc.boolean(),
      packetId,
      payload: bytes,
      properties: properties(of, Carrier.publish),
    }).map(publish => (publish.qos === 0 ? { ...publish, dup: false, packetId: 0 } : publish)),
    ...acknowledgement,
    record({
      type: fc.constant('subscribe'),
      packetId,
      requests: fc.array(record({ filter, qos, ...options }), { minLength: 1, maxLength: 5 }),
      properties: properties(of, Carrier.subscribe),
    }),
    record({
      type: fc.constant('suback'),
      packetId,
      reasonCodes: fc.array(of === 5 ? reasonCode(of, 'suback') : fc.constantFrom(0, 1, 2, 0x80), { maxLength: 5 }),
      properties: properties(of, Carrier.suback),
    }),
    record({
      type: fc.constant('unsubscribe'),
      packetId,
      filters: fc.array(text, { minLength: 1, maxLength: 5 }),
      properties: properties(of, Carrier.unsubscribe),
    }),
    record({
      type: fc.constant('unsuback'),
      packetId,
      reasonCodes: of === 5 ? fc.array(reasonCode(of, 'unsuback'), { maxLength: 5 }) : fc.constant([]),
      properties: properties(of, Carrier.unsuback),
    }),
    fc.constant({ type: 'pingreq' }),
    fc.constant({ type: 'pingresp' }),
    record({
      type: fc.constant('disconnect'),
      reasonCode: reasonCode(of, 'disconnect'),
      properties: properties(of, Carrier.disconnect),
    }),
  ];
  if (of === 5) {
    all.push(
      record({
        type: fc.constant('auth'),
        reasonCode: reasonCode(of, 'auth'),
        properties: properties(of, Carrier.auth),
      }),
    );
  }
  return fc.oneof(...all) as fc.Arbitrary<Packet>;
}

const versioned = version.chain(of => fc.record({ of: fc.constant(of), packet: packet(of) }));
const stream = version.chain(of => fc.record({ of: fc.constant(of), packets: fc.array(packet(of), { maxLength: 8 }) }));

function decodeStream(chunks: readonly Buffer[], of: ProtocolVersion): Packet[] {
  const packets: Packet[] = [];
  const reader = new FrameReader(1_000_000);
  reader.protocolVersion = of;
  for (const chunk of chunks) {
    reader.read(chunk, {
      frame: (firstByte, buffer, _packetStart, bodyStart, end) => {
        packets.push(decodePacket(firstByte, buffer, bodyStart, end, of));
        return true;
      },
    });
  }
  return packets;
}

/** Cuts `bytes` wherever `cuts` say. */
function cut(whole: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [0, ...cuts.map(place => place % (whole.length + 1)).sort((a, b) => a - b), whole.length];
  return places.slice(1).map((end, i) => whole.subarray(places[i], end));
}

test('what is encoded decodes to itself', () => {
  fc.assert(
    fc.property(versioned, ({ of, packet }) => {
      expect(decodeStream([encodePacket(packet, of)], of)).toStrictEqual([packet]);
    }),
    { numRuns: 2_000 },
  );
});

test('a stream decodes the same however it is cut into chunks', () => {
  fc.assert(
    fc.property(stream, fc.array(fc.nat(), { maxLength: 20 }), ({ of, packets }, cuts) => {
      const whole = Buffer.concat(packets.map(one => encodePacket(one, of)));
      expect(decodeStream(cut(whole, cuts), of)).toStrictEqual(packets);
      expect(decodeStream(cut(whole, [...whole.keys()]), of)).toStrictEqual(packets);
    }),
    { numRuns: 300 },
  );
});

test('arbitrary bytes decode or are refused with an MqttError, and what decodes encodes to an equal packet', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 255 }), bytes, version, (firstByte, body, of) => {
      let decoded: Packet;
      try {
        decoded = decodePacket(firstByte, body, 0, body.length, of);
      } catch (error) {
        expect(error).toBeInstanceOf(MqttError);
        return;
      }
      const again = decodeStream(
        [encodePacket(decoded, of)],
        decoded.type === 'connect' ? decoded.protocolVersion : of,
      );
      expect(again).toStrictEqual([decoded]);
    }),
    { numRuns: 5_000 },
  );
});

test('a packet cut short is refused, never read beyond its end', () => {
  fc.assert(
    fc.property(versioned, fc.nat(), ({ of, packet }, place) => {
      const whole = encodePacket(packet, of);
      let bodyStart = 0;
      new FrameReader(1_000_000).read(whole, {
        frame: (_firstByte, _buffer, _packetStart, start) => {
          bodyStart = start;
          return true;
        },
      });
      const end = bodyStart + (place % (whole.length - bodyStart + 1));
      const poisoned = Buffer.concat([whole.subarray(0, end), Buffer.alloc(whole.length, 0xff)]);
      const alone = Buffer.from(whole.subarray(0, end));
      expect(outcome(() => decodePacket(whole[0]!, poisoned, bodyStart, end, of))).toStrictEqual(
        outcome(() => decodePacket(whole[0]!, alone, bodyStart, end, of)),
      );
    }),
    { numRuns: 1_000 },
  );
});

function outcome(decode: () => Packet): Packet | ReasonCode {
  try {
    return decode();
  } catch (error) {
    if (error instanceof MqttError) return error.reasonCode;
    throw error;
  }
}

test('a refused CONNECT version is told apart from a malformed CONNECT', () => {
  const level = Buffer.from('00044d51545406', 'hex');
  expect(outcome(() => decodePacket(0x10, level, 0, level.length, 4))).toBe(ReasonCode.unsupportedProtocolVersion);
  expect(outcome(() => decodePacket(0x10, level, 0, 4, 4))).toBe(ReasonCode.malformedPacket);
});
