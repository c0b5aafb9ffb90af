/** A cursor over the body of one packet; every read is checked against its end. */
import { malformed, protocolError } from './reason-code.ts';
import { decodeString, decodeTopicName } from './text.ts';

export class PacketReader {
  readonly buffer: Buffer;
  position: number;
  end: number;

  constructor(buffer: Buffer, start: number, end: number) {
    this.buffer = buffer;
    this.position = start;
    this.end = end;
  }

  /** Bytes left. */
  get remaining(): number {
    return this.end - this.position;
  }

  byte(): number {
    return this.buffer[this.#take(1)]!;
  }

  uint16(): number {
    const at = this.#take(2);
    return (this.buffer[at]! << 8) | this.buffer[at + 1]!;
  }

  uint32(): number {
    return this.buffer.readUInt32BE(this.#take(4));
  }

  packetId(): number {
    const packetId = this.uint16();
    if (packetId === 0) throw protocolError('packet id 0 is not one'); // [MQTT-2.2.1-3]
    return packetId;
  }

  /** One to four bytes, seven bits each, in the shortest form. [MQTT-1.5.5-1] */
  variableByteInteger(): number {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        if (byte === 0 && shift > 0) throw malformed('a variable byte integer is longer than it needs to be');
        return value;
      }
    }
    throw malformed('a variable byte integer is longer than four bytes');
  }

  string(): string {
    const length = this.uint16();
    const start = this.#take(length);
    return decodeString(this.buffer, start, start + length);
  }

  topicName(): string {
    const length = this.uint16();
    const start = this.#take(length);
    return decodeTopicName(this.buffer, start, start + length);
  }

  /** A view, not a copy. */
  binary(): Buffer {
    const length = this.uint16();
    const start = this.#take(length);
    return this.buffer.subarray(start, start + length);
  }

  /** Throws if the packet goes on after its last field. */
  expectEnd(): void {
    if (this.position !== this.end) throw malformed('the packet goes on after its last field');
  }

  #take(count: number): number {
    const start = this.position;
    if (count > this.end - start) throw malformed('the packet ends inside a field');
    this.position = start + count;
    return start;
  }
}
