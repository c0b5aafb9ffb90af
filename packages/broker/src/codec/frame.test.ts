import { afterEach, expect, test, vi } from 'vitest';
import { FrameReader, type FrameSink } from './frame.ts';
import { MqttError, ReasonCode } from './reason-code.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

function collect(): FrameSink & { readonly frames: string[] } {
  const frames: string[] = [];
  return {
    frames,
    frame: (firstByte, buffer, packetStart, bodyStart, end) => {
      expect(buffer[packetStart]).toBe(firstByte);
      frames.push(`${firstByte.toString(16)}:${buffer.toString('latin1', bodyStart, end)}`);
      return true;
    },
  };
}

function reasonOf(run: () => void): number | undefined {
  try {
    run();
  } catch (error) {
    if (error instanceof MqttError) return error.reasonCode;
    throw error;
  }
  return undefined;
}

test('packets that lie whole in a chunk are handed on in place', () => {
  const chunk = Buffer.from('c00030024142', 'hex');
  const seen: unknown[] = [];
  new FrameReader(100).read(chunk, {
    frame: (firstByte, buffer, packetStart, bodyStart, end) => {
      seen.push([firstByte, buffer === chunk, packetStart, bodyStart, end]);
      return true;
    },
  });
  expect(seen).toStrictEqual([
    [0xc0, true, 0, 2, 2],
    [0x30, true, 2, 4, 6],
  ]);
});

test('a packet cut anywhere, its header too, is put together again', () => {
  const body = Buffer.alloc(200, 'x');
  const packet = Buffer.concat([Buffer.from([0x30, 0xc8, 0x01]), body, Buffer.from([0xc0, 0])]);
  for (let at = 0; at <= packet.length; at++) {
    const sink = collect();
    const reader = new FrameReader(1_000);
    reader.read(packet.subarray(0, at), sink);
    reader.read(packet.subarray(at), sink);
    expect(sink.frames).toStrictEqual([`30:${body}`, 'c0:']);
  }
});

test('a tail is a copy: the chunk it came in may be overwritten', () => {
  const sink = collect();
  const reader = new FrameReader(100);
  const shared = Buffer.from('30044142', 'hex');
  reader.read(shared, sink);
  shared.fill(0);
  reader.read(Buffer.from('4344', 'hex'), sink);
  expect(sink.frames).toStrictEqual(['30:ABCD']);
});

test('a packet that announces too much is refused before its body arrives', () => {
  const reader = new FrameReader(127);
  expect(reasonOf(() => reader.read(Buffer.from([0x30, 0x7e]), collect()))).toBe(ReasonCode.packetTooLarge);
  expect(reasonOf(() => reader.read(Buffer.from([0x30, 0x7d]), collect()))).toBeUndefined();
});

test('a packet that announces too much is refused in the middle of its header', () => {
  const reader = new FrameReader(127);
  reader.read(Buffer.from([0x30, 0xff]), collect());
  expect(reasonOf(() => reader.read(Buffer.from([0x01]), collect()))).toBe(ReasonCode.packetTooLarge);
});

test('the maximum holds from the packet after the one that changed it', () => {
  const reader = new FrameReader(4);
  const sink: FrameSink = {
    frame: () => {
      reader.maximumPacketSize = 1_000;
      return true;
    },
  };
  reader.read(Buffer.concat([Buffer.from('30024142', 'hex'), Buffer.from('300441424344', 'hex')]), sink);
});

test('packets before a refused one are handed on first', () => {
  const sink = collect();
  const reader = new FrameReader(100);
  expect(reasonOf(() => reader.read(Buffer.from('c000d00030ffffffff', 'hex'), sink))).toBe(ReasonCode.malformedPacket);
  expect(sink.frames).toStrictEqual(['c0:', 'd0:']);
});

test('a remaining length of five bytes is refused at its fourth', () => {
  const reader = new FrameReader(300_000_000);
  reader.read(Buffer.from('30ffffff', 'hex'), collect());
  expect(reasonOf(() => reader.read(Buffer.from('ff', 'hex'), collect()))).toBe(ReasonCode.malformedPacket);
});

test('a sink that returns false sees nothing more of the chunk', () => {
  const reader = new FrameReader(100);
  let frames = 0;
  const sink: FrameSink = {
    frame: () => {
      frames += 1;
      return false;
    },
  };
  reader.read(Buffer.from('c000c000c000', 'hex'), sink);
  expect(frames).toBe(1);
});

test('a sink that returns false for a packet put together sees nothing more either', () => {
  const reader = new FrameReader(100);
  let frames = 0;
  const sink: FrameSink = {
    frame: () => {
      frames += 1;
      return false;
    },
  };
  reader.read(Buffer.from('3002', 'hex'), sink);
  reader.read(Buffer.from('4142c000', 'hex'), sink);
  expect(frames).toBe(1);
});

test('the memory of a packet under way follows what has arrived, not what was announced', () => {
  const allocations = vi.spyOn(Buffer, 'allocUnsafe');
  const sink = collect();
  const reader = new FrameReader(300_000_000);
  reader.read(Buffer.from('30ffffff7f', 'hex'), sink);
  let arrived = 5;
  for (let i = 0; i < 100; i++) {
    reader.read(Buffer.alloc(1_000), sink);
    arrived += 1_000;
    for (const [size] of allocations.mock.calls) expect(size).toBeLessThanOrEqual(arrived * 2);
  }
  // Doubling: far fewer copies than chunks.
  expect(allocations.mock.calls.length).toBeLessThan(12);
  expect(sink.frames).toStrictEqual([]);
});

test('a packet that trickles in ends in a buffer of exactly its size', () => {
  const reader = new FrameReader(10_000);
  const sizes: number[] = [];
  const sink: FrameSink = {
    frame: (_firstByte, buffer, _packetStart, _bodyStart, end) => {
      sizes.push(buffer.length, end);
      return true;
    },
  };
  reader.read(Buffer.from([0x30, 0xe8, 0x07]), sink);
  for (let i = 0; i < 1_000; i++) reader.read(Buffer.from([i & 0xff]), sink);
  expect(sizes).toStrictEqual([1_003, 1_003]);
});

test('a padded remaining length passes in 3.1.1 and not in 5', () => {
  const sink = collect();
  const reader = new FrameReader(100);
  reader.read(Buffer.from('308280004142', 'hex'), sink);
  expect(sink.frames).toStrictEqual(['30:AB']);
  reader.protocolVersion = 5;
  expect(reasonOf(() => reader.read(Buffer.from('308280004142', 'hex'), sink))).toBe(ReasonCode.malformedPacket);
});
