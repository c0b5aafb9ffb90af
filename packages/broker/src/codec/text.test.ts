import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MqttError } from './reason-code.ts';
import { decodeString } from './text.ts';

test('a string is what a strict UTF-8 decoder says, less U+0000', () => {
  const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const interesting = fc.constantFrom(
    0x00,
    0x41,
    0x7f,
    0x80,
    0xbf,
    0xc0,
    0xc3,
    0xe0,
    0xed,
    0xef,
    0xbb,
    0xf0,
    0xf4,
    0xff,
  );
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 12 }),
    fc.array(interesting, { maxLength: 6 }).map(list => Uint8Array.from(list)),
    fc.string({ unit: 'grapheme' }).map(text => new TextEncoder().encode(text)),
  );
  fc.assert(
    fc.property(bytes, array => {
      const buffer = Buffer.from(array);
      const decode = () => decodeString(buffer, 0, buffer.length);
      let expected: string;
      try {
        expected = strict.decode(buffer);
      } catch {
        expect(decode).toThrow(MqttError);
        return;
      }
      if (expected.includes('\0')) expect(decode).toThrow(MqttError);
      else expect(decode()).toBe(expected);
    }),
    { numRuns: 3_000 },
  );
});
