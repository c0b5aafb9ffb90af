import { expect, test } from 'vitest';
import { decodePacket } from './decode.ts';
import { encodePacket } from './encode.ts';
import { bytesOf, fixtures } from './fixtures.ts';
import { FrameReader } from './frame.ts';
import type { Packet, ProtocolVersion } from './packet.ts';
import { MqttError, reasonCodeName } from './reason-code.ts';

function decodeWhole(bytes: Buffer, version: ProtocolVersion): Packet[] {
  const packets: Packet[] = [];
  const reader = new FrameReader(1_000_000);
  reader.protocolVersion = version;
  reader.read(bytes, {
    frame: (firstByte, buffer, _packetStart, bodyStart, end) => {
      packets.push(decodePacket(firstByte, buffer, bodyStart, end, version));
      return true;
    },
  });
  return packets;
}

function refusal(decode: () => unknown): string {
  try {
    return `decoded to ${JSON.stringify(decode())}`;
  } catch (error) {
    if (error instanceof MqttError) return reasonCodeName(error.reasonCode);
    throw error;
  }
}

for (const fixture of fixtures) {
  const { name, clause, version, packet, canonical, error } = fixture;
  const protocol = version === 4 ? '3.1.1' : '5';
  if (packet !== undefined) {
    test(`${protocol} decodes ${name} [${clause}]`, () => {
      expect(decodeWhole(bytesOf(fixture), version)).toStrictEqual([packet]);
    });
  }
  if (packet !== undefined && canonical) {
    test(`${protocol} encodes ${name} [${clause}]`, () => {
      expect(encodePacket(packet, version).toString('hex')).toBe(bytesOf(fixture).toString('hex'));
    });
  }
  if (error !== undefined) {
    test(`${protocol} refuses ${name} [${clause}]`, () => {
      expect(refusal(() => decodeWhole(bytesOf(fixture), version))).toBe(reasonCodeName(error));
    });
  }
}

test('no two fixtures show the same bytes in the same version', () => {
  const seen = new Set(fixtures.map(fixture => `${fixture.version} ${bytesOf(fixture).toString('hex')}`));
  expect(seen.size).toBe(fixtures.length);
});
