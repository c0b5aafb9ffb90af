/** Builds one packet after another in a scratch buffer; each finished packet is an exact copy. */

const HEADER_ROOM = 5; // the fixed header is at most this long; it is written last, in front of the body
const SCRATCH_SIZE = 4096;
const SCRATCH_KEPT = 65_536; // a larger one, grown for one big packet, is not kept
const MAXIMUM_REMAINING_LENGTH = 268_435_455;

/** How many bytes `value` takes as a variable byte integer. [MQTT5 1.5.5] */
export function variableByteIntegerLength(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : 4;
}

/** Writes `value` at `at` and returns the position after it. */
export function writeVariableByteInteger(buffer: Buffer, at: number, value: number): number {
  if (value > MAXIMUM_REMAINING_LENGTH) throw new RangeError(`${value} does not fit a variable byte integer`);
  let rest = value;
  let position = at;
  while (rest >= 0x80) {
    buffer[position++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  buffer[position++] = rest;
  return position;
}

/** Values that cannot be written (a string over 65,535 bytes, say) throw `RangeError`: the caller's bug, not the peer's. */
export class PacketWriter {
  #buffer = Buffer.allocUnsafeSlow(SCRATCH_SIZE);
  #position = HEADER_ROOM;

  /** Starts a packet and forgets an unfinished one. */
  begin(): this {
    if (this.#buffer.length > SCRATCH_KEPT) this.#buffer = Buffer.allocUnsafeSlow(SCRATCH_SIZE);
    this.#position = HEADER_ROOM;
    return this;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#position++] = value;
  }

  uint16(value: number): void {
    this.#reserve(2);
    this.#position = this.#buffer.writeUInt16BE(value, this.#position);
  }

  uint32(value: number): void {
    this.#reserve(4);
    this.#position = this.#buffer.writeUInt32BE(value, this.#position);
  }

  variableByteInteger(value: number): void {
    this.#reserve(4);
    this.#position = writeVariableByteInteger(this.#buffer, this.#position, value);
  }

  string(text: string): void {
    this.#reserve(2 + text.length * 3);
    const length = this.#buffer.write(text, this.#position + 2, 'utf8');
    this.#position = this.#buffer.writeUInt16BE(length, this.#position) + length;
  }

  binary(bytes: Buffer): void {
    this.#reserve(2 + bytes.length);
    this.#position = this.#buffer.writeUInt16BE(bytes.length, this.#position);
    this.#position += bytes.copy(this.#buffer, this.#position);
  }

  /** Where the next byte goes; what `insertLength` takes. */
  get position(): number {
    return this.#position;
  }

  /** Puts the length of what was written since `from` in front of it, as a variable byte integer. */
  insertLength(from: number): void {
    const length = this.#position - from;
    const width = variableByteIntegerLength(length);
    this.#reserve(width);
    this.#buffer.copyWithin(from + width, from, this.#position);
    writeVariableByteInteger(this.#buffer, from, length);
    this.#position += width;
  }

  /** The body alone, as a view that the next `begin` overwrites. */
  body(): Buffer {
    return this.#buffer.subarray(HEADER_ROOM, this.#position);
  }

  /** The whole packet with its fixed header. [MQTT5 2.1] */
  finish(firstByte: number): Buffer {
    const length = this.#position - HEADER_ROOM;
    const start = HEADER_ROOM - 1 - variableByteIntegerLength(length);
    this.#buffer[start] = firstByte;
    writeVariableByteInteger(this.#buffer, start + 1, length);
    const packet = Buffer.allocUnsafe(this.#position - start);
    this.#buffer.copy(packet, 0, start, this.#position);
    return packet;
  }

  #reserve(count: number): void {
    const needed = this.#position + count;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#position);
    this.#buffer = larger;
  }
}

/** The codec's one writer: encoding is synchronous and never nests. */
export const writer = new PacketWriter();
