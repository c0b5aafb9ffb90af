/** Compression that KafkaJS leaves to others. It compresses a batch of records before it is sent, and never reads one here. */
import { promisify } from 'node:util';
import { zstdCompress } from 'node:zlib';

const compressZstd = promisify(zstdCompress);

interface Encoder {
  readonly buffer: Buffer;
}

interface Codec {
  compress(encoder: Encoder): Promise<Buffer>;
  decompress(buffer: Buffer): Promise<Buffer>;
}

const neverRead = (): Promise<Buffer> => Promise.reject(new Error('a producer reads no records'));

/** How Kafka's Java clients frame blocks of Snappy: a header with two versions, then each block after its length. */
const xerialHeader = Buffer.from([0x82, ...Buffer.from('SNAPPY'), 0, 0, 0, 0, 1, 0, 0, 0, 1]);
const xerialBlock = 32 * 1024;

export const codecs: Readonly<Record<'snappy' | 'zstd', Codec>> = {
  snappy: {
    async compress({ buffer }) {
      const { compress } = (await import('snappyjs')).default;
      const parts: Uint8Array[] = [xerialHeader];
      for (let at = 0; at < buffer.length; at += xerialBlock) {
        const block = compress(new Uint8Array(buffer.subarray(at, at + xerialBlock)));
        const length = Buffer.alloc(4);
        length.writeUInt32BE(block.length);
        parts.push(length, block);
      }
      return Buffer.concat(parts);
    },
    decompress: neverRead,
  },
  zstd: { compress: ({ buffer }) => compressZstd(buffer), decompress: neverRead },
};
