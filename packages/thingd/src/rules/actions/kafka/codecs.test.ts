import { zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { codecs } from './codecs.ts';

const bytes = fc
  .tuple(fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.integer({ min: 1, max: 500 }))
  .map(([unit, times]) => Buffer.concat(Array.from({ length: times }, () => unit)));

/** Reads what Java's clients and librdkafka read: a header, then blocks after their lengths. */
async function unframed(framed: Buffer): Promise<Buffer> {
  const { uncompress } = (await import('snappyjs')).default;
  expect(framed.subarray(0, 16).toString('hex')).toBe('82534e415050590000000001' + '00000001');
  const blocks: Uint8Array[] = [];
  for (let at = 16; at < framed.length; ) {
    const end = at + 4 + framed.readUInt32BE(at);
    blocks.push(uncompress(new Uint8Array(framed.subarray(at + 4, end))));
    at = end;
  }
  return Buffer.concat(blocks);
}

test('any bytes come out of Snappy in its framing, and out of Zstandard, as they went in', async () => {
  await fc.assert(
    fc.asyncProperty(bytes, async buffer => {
      expect((await unframed(await codecs.snappy.compress({ buffer }))).equals(buffer)).toBe(true);
      expect(zstdDecompressSync(await codecs.zstd.compress({ buffer })).equals(buffer)).toBe(true);
    }),
    { numRuns: 50 },
  );
});
