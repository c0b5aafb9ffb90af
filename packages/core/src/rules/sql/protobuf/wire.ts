/** Protocol Buffers on the wire: tags, varints, fixed numbers, and bytes with their length before them. */

export type WireType = 0 | 1 | 2 | 3 | 4 | 5;

/** One field as it stands in a message: its number, and a varint or fixed number as bits, or bytes. */
export interface WireField {
  readonly number: number;
  readonly type: WireType;
  /** Of types 0, 1 and 5. */
  readonly bits: bigint;
  /** Of type 2, and what is inside of a group. */
  readonly bytes: Uint8Array;
}

const NO_BYTES = new Uint8Array();
const MAX_DEPTH = 100;

/** The fields of a message in order. Throws an `Error` if the bytes are none. */
export function readFields(bytes: Uint8Array): WireField[] {
  const reader = new WireReader(bytes);
  const fields: WireField[] = [];
  while (!reader.atEnd) fields.push(reader.field(0));
  return fields;
}

/** The varints that a packed field holds. */
export function readVarints(bytes: Uint8Array): bigint[] {
  const reader = new WireReader(bytes);
  const values: bigint[] = [];
  while (!reader.atEnd) values.push(reader.varint());
  return values;
}

/** The fixed numbers, of 4 or 8 bytes each, that a packed field holds. */
export function readFixed(bytes: Uint8Array, size: 4 | 8): bigint[] {
  const reader = new WireReader(bytes);
  const values: bigint[] = [];
  while (!reader.atEnd) values.push(reader.fixed(size));
  return values;
}

class WireReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get atEnd(): boolean {
    return this.#position >= this.#bytes.length;
  }

  field(depth: number): WireField {
    const tag = Number(this.varint());
    const number = Math.floor(tag / 8);
    const type = (tag % 8) as WireType;
    if (number === 0) throw new Error('a field has the number 0');
    switch (type) {
      case 0:
        return { number, type, bits: this.varint(), bytes: NO_BYTES };
      case 1:
        return { number, type, bits: this.fixed(8), bytes: NO_BYTES };
      case 2:
        return { number, type, bits: 0n, bytes: this.#take(Number(this.varint())) };
      case 3:
        return { number, type, bits: 0n, bytes: this.#group(number, depth + 1) };
      case 5:
        return { number, type, bits: this.fixed(4), bytes: NO_BYTES };
      default:
        throw new Error(`a field has the unknown wire type ${type}`);
    }
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#take(1)[0]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new Error('a varint is longer than 10 bytes');
  }

  fixed(size: 4 | 8): bigint {
    const at = this.#position;
    this.#take(size);
    return size === 4 ? BigInt(this.#view.getUint32(at, true)) : this.#view.getBigUint64(at, true);
  }

  /** The fields up to the tag that ends the group. */
  #group(number: number, depth: number): Uint8Array {
    if (depth > MAX_DEPTH) throw new Error('groups are nested too deeply');
    const start = this.#position;
    for (;;) {
      const end = this.#position;
      const tag = Number(this.varint());
      if (tag % 8 === 4) {
        if (Math.floor(tag / 8) !== number) throw new Error('a group ends that did not begin');
        return this.#bytes.subarray(start, end);
      }
      this.#position = end;
      this.field(depth);
    }
  }

  #take(length: number): Uint8Array {
    const end = this.#position + length;
    if (end > this.#bytes.length) throw new Error('the message ends too soon');
    const taken = this.#bytes.subarray(this.#position, end);
    this.#position = end;
    return taken;
  }
}
