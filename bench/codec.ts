/** What one packet costs in the codec and one message in the topic tree: `node --conditions=@thingd/source bench/codec.ts`. */
import { decodePacket, decodePublish } from '../packages/broker/src/codec/decode.ts';
import { encodePacket, encodePublish } from '../packages/broker/src/codec/encode.ts';
import { FrameReader, type FrameSink } from '../packages/broker/src/codec/frame.ts';
import type { Properties, ProtocolVersion, QoS } from '../packages/broker/src/codec/packet.ts';
import { RecentTopics } from '../packages/broker/src/codec/recent-topics.ts';
import { TopicTree } from '../packages/broker/src/topic/topic-tree.ts';
import { type Case, measureCases } from './nanoseconds.ts';

const payload = Buffer.alloc(64, 'x');
const topic = 'fleet/berlin/device-0042/telemetry';
const properties: Properties = {
  messageExpiryInterval: 60,
  contentType: 'application/json',
  userProperties: [['trace', '7f3a']],
};

function publishBytes(version: ProtocolVersion, qos: QoS, name = topic, extra?: Properties): Buffer {
  return encodePublish({ topic: name, payload, qos, retain: false, dup: false, properties: extra }, version).bytes;
}

/** Decodes one PUBLISH over and over; its packet id is set, for 0 is not one. */
function decodeCase(
  name: string,
  version: ProtocolVersion,
  qos: QoS,
  { topicName = topic, extra, recent }: { topicName?: string; extra?: Properties; recent?: RecentTopics },
): Case {
  const { bytes, packetIdOffset } = encodePublish(
    { topic: topicName, payload, qos, retain: false, dup: false, properties: extra },
    version,
  );
  if (packetIdOffset !== -1) bytes.writeUInt16BE(7, packetIdOffset);
  const start = bytes.length < 130 ? 2 : 3;
  return {
    name,
    operations: 100,
    run: () => {
      let sum = 0;
      for (let i = 0; i < 100; i++)
        sum += decodePublish(bytes[0]!, bytes, start, bytes.length, version, recent).topic.length;
      return sum;
    },
  };
}

/** As a fleet sends them: each device its own topic, in turn, and the topic looked up afterwards as a router would. */
function fleetCase(name: string, devices: number): Case {
  const packets = Array.from({ length: devices }, (_, i) => publishBytes(4, 0, `fleet/berlin/device-${i}/telemetry`));
  const routes = new Map(packets.map((_, i) => [`fleet/berlin/device-${i}/telemetry`, i]));
  const recents = packets.map(() => new RecentTopics());
  let next = 0;
  return {
    name,
    operations: 100,
    run: () => {
      let sum = 0;
      for (let i = 0; i < 100; i++) {
        const device = next++ % devices;
        const bytes = packets[device]!;
        sum += routes.get(decodePublish(bytes[0]!, bytes, 2, bytes.length, 4, recents[device]).topic)!;
      }
      return sum;
    },
  };
}

function encodeCase(name: string, version: ProtocolVersion, qos: QoS, extra?: Properties): Case {
  const fields = { topic, payload, qos, retain: false, dup: false, properties: extra };
  return {
    name,
    operations: 100,
    run: () => {
      let sum = 0;
      for (let i = 0; i < 100; i++) sum += encodePublish(fields, version).bytes.length;
      return sum;
    },
  };
}

function frameCase(name: string, chunkSize: number): Case {
  const stream = Buffer.concat(Array.from({ length: 200 }, () => publishBytes(4, 0)));
  const chunks: Buffer[] = [];
  for (let at = 0; at < stream.length; at += chunkSize) chunks.push(stream.subarray(at, at + chunkSize));
  const reader = new FrameReader(1_000_000);
  let frames = 0;
  const sink: FrameSink = {
    frame: () => {
      frames += 1;
      return true;
    },
  };
  return {
    name,
    operations: 200,
    run: () => {
      for (const chunk of chunks) reader.read(chunk, sink);
      return frames;
    },
  };
}

function acknowledgeCases(): Case[] {
  const bytes = Buffer.from([0x40, 2, 0, 7]);
  const packet = { type: 'puback', packetId: 7, reasonCode: 0, properties: undefined } as const;
  return [
    {
      name: 'decode PUBACK',
      operations: 100,
      run: () => {
        let sum = 0;
        for (let i = 0; i < 100; i++) sum += decodePacket(0x40, bytes, 2, 4, 5).type.length;
        return sum;
      },
    },
    {
      name: 'encode PUBACK',
      operations: 100,
      run: () => {
        let sum = 0;
        for (let i = 0; i < 100; i++) sum += encodePacket(packet, 5).length;
        return sum;
      },
    },
  ];
}

function matchCases(): Case[] {
  const tree = new TopicTree<number>();
  const topics: string[] = [];
  for (let device = 0; device < 10_000; device++) {
    tree.add(`fleet/site-${device % 50}/device-${device}/command`, device);
    topics.push(`fleet/site-${device % 50}/device-${device}/command`);
  }
  const exact = matchCase('match among 10,000 exact filters', tree, topics);
  const mixed = new TopicTree<number>();
  for (let device = 0; device < 10_000; device++) mixed.add(topics[device]!, device);
  for (let site = 0; site < 50; site++) mixed.add(`fleet/site-${site}/+/command`, site);
  for (let device = 0; device < 10_000; device++) mixed.add(`fleet/+/device-${device}/#`, device);
  return [exact, matchCase('match among 20,050, wildcards too', mixed, topics)];
}

function matchCase(name: string, tree: TopicTree<number>, topics: readonly string[]): Case {
  let next = 0;
  return {
    name,
    operations: 100,
    run: () => {
      let sum = 0;
      for (let i = 0; i < 100; i++) sum += tree.match(topics[next++ % topics.length]!).length;
      return sum;
    },
  };
}

const cases: readonly Case[] = [
  decodeCase('decode PUBLISH, a new topic', 4, 0, {}),
  decodeCase('decode PUBLISH, a new topic, not ASCII', 4, 0, { topicName: 'straße/büro/gerät-0042/temperatur' }),
  decodeCase('decode PUBLISH 3.1.1 QoS 0', 4, 0, { recent: new RecentTopics() }),
  decodeCase('decode PUBLISH 3.1.1 QoS 1', 4, 1, { recent: new RecentTopics() }),
  decodeCase('decode PUBLISH 5 QoS 1', 5, 1, { recent: new RecentTopics() }),
  decodeCase('decode PUBLISH 5, 3 properties', 5, 1, { extra: properties, recent: new RecentTopics() }),
  fleetCase('decode and look up, 1 topic', 1),
  fleetCase('decode and look up, 1,000 topics', 1_000),
  fleetCase('decode and look up, 10,000 topics', 10_000),
  fleetCase('decode and look up, 50,000 topics', 50_000),
  frameCase('frame, 16 KiB chunks', 16_384),
  frameCase('frame, 100-byte chunks', 100),
  encodeCase('encode PUBLISH 3.1.1 QoS 0', 4, 0),
  encodeCase('encode PUBLISH 5 QoS 1', 5, 1),
  encodeCase('encode PUBLISH 5, 3 properties', 5, 1, properties),
  ...acknowledgeCases(),
  ...matchCases(),
];

await measureCases(cases);
