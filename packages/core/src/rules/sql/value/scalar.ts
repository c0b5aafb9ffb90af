/** What a value of the language may be besides JSON's own kinds: an object to JavaScript, but without members to SQL. */
import { isUtf8 } from 'node:buffer';

export abstract class Scalar {
  /** What stands for it in JSON text. */
  abstract toJSON(): unknown;
}

/** A payload, or a part of one, that is not JSON. Serialized inside of JSON it is base64. */
export class RawPayload extends Scalar {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    super();
    this.bytes = bytes;
  }

  toJSON(): string {
    return bufferOf(this.bytes).toString('base64');
  }
}

/** The text bytes are in UTF-8, or `undefined` if they are none. */
export const utf8Text = (bytes: Uint8Array): string | undefined =>
  isUtf8(bytes) ? bufferOf(bytes).toString('utf8') : undefined;

/** The same bytes as a `Buffer`, not copied. */
export const bufferOf = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
