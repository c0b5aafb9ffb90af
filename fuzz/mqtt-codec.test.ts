/**
 * Fixtures, damaged at random, through the whole codec: each is decoded or refused with an `MqttError`, alone or in a
 * stream, and what is decoded says the same after another round through the encoder.
 *
 * A run takes seconds; `THINGD_FUZZ_SECONDS=600` makes it a long one. A failure prints the seed and the bytes: add them to
 * `codec/fixtures`.
 */
import { expect, test } from 'vitest';
import { decodePacket } from '../packages/broker/src/codec/decode.ts';
import { encodePacket } from '../packages/broker/src/codec/encode.ts';
import { bytesOf, fixtures } from '../packages/broker/src/codec/fixtures.ts';
import { FrameReader } from '../packages/broker/src/codec/frame.ts';
import type { Packet, ProtocolVersion } from '../packages/broker/src/codec/packet.ts';
import { MqttError } from '../packages/broker/src/codec/reason-code.ts';
import { RecentTopics } from '../packages/broker/src/codec/recent-topics.ts';
import { checkTopicFilter, topicMatches } from '../packages/broker/src/topic/topic.ts';
import { TopicTree } from '../packages/broker/src/topic/topic-tree.ts';

const seconds = Number(process.env.THINGD_FUZZ_SECONDS ?? 3);
const seed = Number(process.env.THINGD_FUZZ_SEED ?? Date.now() % 0xffffffff);
const corpus = fixtures.map(bytesOf);

/** Values that sit at the edges of lengths, flags and characters. */
const edges = [0x00, 0x01, 0x02, 0x03, 0x0b, 0x23, 0x26, 0x2b, 0x2f, 0x7f, 0x80, 0xc0, 0xc3, 0xed, 0xff] as const;

/** Mulberry32: the same seed gives the same damage. */
function randomFrom(start: number): (below: number) => number {
  let state = start;
  return below => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) % below;
  };
}

type Random = ReturnType<typeof randomFrom>;

/** One to four small accidents: a byte changed, lost, doubled, a part of another packet put in. */
function damage(original: Buffer, random: Random): Buffer {
  let bytes = Buffer.from(original);
  for (let accidents = 1 + random(4); accidents > 0; accidents--) {
    const at = random(bytes.length + 1);
    const before = bytes.subarray(0, at);
    const after = bytes.subarray(at);
    switch (random(6)) {
      case 0:
        if (at < bytes.length) bytes[at]! ^= 1 << random(8);
        break;
      case 1:
        if (at < bytes.length) bytes[at] = edges[random(edges.length)]!;
        break;
      case 2:
        bytes = Buffer.concat([before, after.subarray(1 + random(3))]);
        break;
      case 3:
        bytes = Buffer.concat([before, Buffer.from([edges[random(edges.length)]!]), after]);
        break;
      case 4:
        bytes = Buffer.concat([before, after.subarray(0, random(8)), after]);
        break;
      default: {
        const other = corpus[random(corpus.length)]!;
        const from = random(other.length);
        bytes = Buffer.concat([before, other.subarray(from, from + random(16)), after]);
      }
    }
  }
  return random(2) === 0 ? bytes : withTrueLength(bytes);
}

/** Half of the damage is to what is inside: the remaining length is made to fit, or little would get past it. */
function withTrueLength(bytes: Buffer): Buffer {
  let headerEnd = 1;
  while (headerEnd < bytes.length && headerEnd < 5 && bytes[headerEnd]! > 0x7f) headerEnd += 1;
  const body = bytes.subarray(headerEnd + 1);
  const length = body.length < 0x80 ? [body.length] : [(body.length & 0x7f) | 0x80, body.length >> 7];
  return Buffer.concat([Buffer.from([bytes[0] ?? 0x30, ...length]), body]);
}

interface Outcome {
  readonly packets: readonly Packet[];
  readonly refused: number | undefined;
}

function read(chunks: readonly Buffer[], version: ProtocolVersion): Outcome {
  const reader = new FrameReader(1_000_000);
  reader.protocolVersion = version;
  const packets: Packet[] = [];
  try {
    for (const chunk of chunks) {
      reader.read(chunk, {
        frame: (firstByte, buffer, _packetStart, bodyStart, end) => {
          packets.push(decodePacket(firstByte, buffer, bodyStart, end, version));
          return true;
        },
      });
    }
    return { packets, refused: undefined };
  } catch (error) {
    if (error instanceof MqttError) return { packets, refused: error.reasonCode };
    throw error;
  }
}

function everySecond(bytes: Buffer): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 2) chunks.push(bytes.subarray(at, at + 2));
  return chunks;
}

/** Runs `round` for its share of the time; a failure names the seed that repeats it. */
function fuzz(share: number, round: (random: Random) => void): void {
  const deadline = Date.now() + seconds * 1_000 * share;
  const random = randomFrom(seed);
  let rounds = 0;
  try {
    while (Date.now() < deadline) for (let i = 0; i < 50; i++, rounds++) round(random);
  } catch (error) {
    throw new Error(`round ${rounds} of seed ${seed}: repeat with THINGD_FUZZ_SEED=${seed}`, { cause: error });
  }
  expect(rounds).toBeGreaterThan(100);
}

function isRefused(check: () => unknown): boolean {
  try {
    check();
    return false;
  } catch (error) {
    if (error instanceof MqttError) return true;
    throw error;
  }
}

const timeout = seconds * 1_000 + 30_000;

test('a damaged packet is decoded or refused, and decodes the same again', { timeout }, () => {
  let decoded = 0;
  let refused = 0;
  fuzz(0.6, random => {
    const bytes = damage(corpus[random(corpus.length)]!, random);
    const version = random(2) === 0 ? 4 : 5;
    const context = `${version} ${bytes.toString('hex')}`;
    const outcome = read([bytes], version);
    expect(read(everySecond(bytes), version), context).toStrictEqual(outcome);
    decoded += outcome.packets.length;
    if (outcome.refused !== undefined) refused += 1;
    for (const packet of outcome.packets) {
      const own = packet.type === 'connect' ? packet.protocolVersion : version;
      expect(read([encodePacket(packet, own)], own), context).toStrictEqual({ packets: [packet], refused: undefined });
    }
  });
  // Damage that is always fatal, or never, would prove little.
  expect(decoded).toBeGreaterThan(refused / 20);
  expect(refused).toBeGreaterThan(decoded / 20);
});

test('damaged topics are matched by the tree as by the naive matcher', { timeout }, () => {
  const recent = new RecentTopics();
  const seeds = ['a/b/c', '+/b/#', '$aws/things/x/shadow/update', 'a/+/c', '#', '//', '+/+/+', 'gerät/温度'].map(text =>
    Buffer.from(text),
  );
  fuzz(0.4, random => {
    const tree = new TopicTree<string>();
    const filters = new Set<string>();
    for (let i = 0; i < 20; i++) {
      const filter = damage(seeds[random(seeds.length)]!, random).toString('utf8');
      if (isRefused(() => checkTopicFilter(filter))) continue;
      filters.add(filter);
      tree.add(filter, filter);
    }
    const bytes = damage(seeds[random(seeds.length)]!, random);
    if (!isRefused(() => recent.decode(bytes, 0, bytes.length))) {
      const topic = recent.decode(bytes, 0, bytes.length);
      const expected = [...filters].filter(filter => topicMatches(filter, topic));
      expect(tree.match(topic).sort(), topic).toStrictEqual(expected.sort());
    }
    for (const filter of filters) tree.remove(filter, filter);
    expect(tree.countBranches()).toBe(0);
  });
});
