/** Descriptors and messages that protobuf-java wrote, and messages that nobody should write. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeProtobuf } from './decode.ts';
import { descriptors, emptyEntry, reading } from './fixtures.ts';

const decode = (bytes: Uint8Array, file = 'reading.proto', type = 'Reading') =>
  decodeProtobuf(descriptors, file, type, bytes);

describe('a protobuf message', () => {
  test('becomes JSON as proto3 maps it', () => {
    expect(JSON.stringify(decode(reading))).toBe(
      '{"deviceId":"lämp-1","i32":-5,"i64":"-9007199254740993","u32":4294967295,"u64":"18446744073709551615",' +
        '"s32":-2147483648,"s64":"-7","f32":4294967294,"f64":"18446744073709551614","sf32":-3,"sf64":"-4","isOn":true,' +
        '"raw":"AQL/","mode":"HEAT","position":{"lat":52.52,"lon":13.4},"samples":[1,-1,300],' +
        '"track":[{"lat":52.52,"lon":13.4},{}],"labels":{"floor":3,"__proto__":4},"temps":[0.1,21.5,"NaN"]}',
    );
  });

  test('may be named with its package', () => {
    expect(decode(Buffer.from([0x0a, 1, 0x78]), 'reading.proto', 'fleet.Reading')).toEqual({ deviceId: 'x' });
  });

  test('that is empty is an empty object', () => {
    expect(decode(Buffer.alloc(0))).toEqual({});
  });

  test('takes the last of several values, and unpacked values of a packed field', () => {
    expect(decode(Buffer.from([0x10, 1, 0x10, 2, 0x80, 0x01, 2, 0x80, 0x01, 3]))).toEqual({ i32: 2, samples: [1, -2] });
  });

  test('shows an enum value without a name as its number', () => {
    expect(decode(Buffer.from([0x70, 9]))).toEqual({ mode: 9 });
  });

  test('gives the keys and values a map leaves out their defaults', () => {
    expect(decode(emptyEntry)).toEqual({ labels: { '': 0 } });
  });

  test('skips groups of fields it does not know', () => {
    expect(decode(Buffer.from([0x9b, 6, 0x08, 1, 0x9c, 6, 0x10, 5]))).toEqual({ i32: 5 });
  });

  test.each([
    ['a length beyond the end', [0x0a, 5, 0x78]],
    ['a varint that does not end', [0x10, ...Array.from({ length: 11 }, () => 0x80)]],
    ['half a fixed number', [0x45, 1, 2]],
    ['the field 0', [0x00, 1]],
    ['a wire type there is not', [0x16]],
    ['a group that does not end', [0x9b, 6]],
    ['a group that ends as another', [0x9b, 6, 0x0c]],
  ])('is refused with %s', (_, bytes) => {
    expect(() => decode(Buffer.from(bytes))).toThrow(Error);
  });

  test('of an unknown file or type is refused by name', () => {
    expect(() => decode(reading, 'other.proto')).toThrow('the descriptor has no file `other.proto`');
    expect(() => decode(reading, 'reading.proto', 'Other')).toThrow('no message type `Other`');
  });

  test('made of any bytes is decoded or refused, and nothing else', () => {
    const damaged = fc.tuple(fc.nat(reading.length - 1), fc.nat(255)).map(([at, byte]) => {
      const copy = Buffer.from(reading);
      copy[at] = byte;
      return copy;
    });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 40 }), damaged), bytes => {
        try {
          expect(JSON.parse(JSON.stringify(decode(bytes)))).toBeTypeOf('object');
        } catch (error) {
          expect((error as Error).constructor).toBe(Error);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

test('descriptors made of any bytes are refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), bytes => {
      expect(() => decodeProtobuf(bytes, 'reading.proto', 'Reading', reading)).toThrow(Error);
    }),
  );
});
