/** Cuts a byte stream into packets. Knows the fixed header and nothing of what is inside. [MQTT5 2.1] */
import type { ProtocolVersion } from './packet.ts';
import { MqttError, malformed, ReasonCode } from './reason-code.ts';

const LONGEST_HEADER = 5;

export interface FrameSink {
  /**
   * One whole packet is `buffer[packetStart..end)`, its body `buffer[bodyStart..end)`; valid during the current turn.
   * Return false to stop reading: the connection is ending, what follows is dropped.
   */
  frame(firstByte: number, buffer: Buffer, packetStart: number, bodyStart: number, end: number): boolean;
}

/**
 * Packets that lie whole in a chunk are handed on in place; only a packet that spans chunks is copied, into a buffer that
 * grows with what has arrived and never beyond what its header announces.
 */
export class FrameReader {
  /** Bytes of a whole packet, fixed header included. */
  maximumPacketSize: number;
  /** MQTT 5 demands the shortest remaining length; 3.1.1 does not, and clients exist that pad it. [MQTT-1.5.5-1] */
  protocolVersion: ProtocolVersion = 4;

  /** The beginning of a packet whose rest has not arrived: `#tail[0..#tailLength)`. */
  #tail: Buffer | undefined;
  #tailLength = 0;
  /** Set by `#readHeader`: where the body begins and the packet ends, counted in the buffer it read. */
  #bodyStart = 0;
  #end = 0;

  constructor(maximumPacketSize: number) {
    this.maximumPacketSize = maximumPacketSize;
  }

  /**
   * Hands every packet that `chunk` completes to `sink`, in order.
   *
   * Throws `MqttError(malformedPacket)` for a remaining length of five bytes, and `MqttError(packetTooLarge)` as soon as a
   * fixed header announces more than `maximumPacketSize`: the connection is over, and so is this reader.
   */
  read(chunk: Buffer, sink: FrameSink): void {
    let position = this.#tail === undefined ? 0 : this.#completeTail(chunk, sink);
    while (position >= 0 && position < chunk.length) {
      if (!this.#readHeader(chunk, position, chunk.length) || this.#end > chunk.length) {
        this.#keep(chunk, position);
        return;
      }
      const end = this.#end;
      position = sink.frame(chunk[position]!, chunk, position, this.#bodyStart, end) ? end : -1;
    }
  }

  /** Continues the packet begun in an earlier chunk. Returns where the next one begins in `chunk`, or -1 to stop reading. */
  #completeTail(chunk: Buffer, sink: FrameSink): number {
    let position = 0;
    // The header may itself be cut; its few bytes come one at a time.
    while (!this.#readHeader(this.#tail!, 0, this.#tailLength)) {
      if (position === chunk.length) return position;
      this.#append(chunk, position, position + 1);
      position += 1;
    }
    const end = this.#end;
    const bodyStart = this.#bodyStart;
    const taken = Math.min(end - this.#tailLength, chunk.length - position);
    this.#grow(this.#tailLength + taken, end);
    this.#append(chunk, position, position + taken);
    position += taken;
    if (this.#tailLength < end) return position;
    const packet = this.#tail!;
    this.#tail = undefined;
    this.#tailLength = 0;
    return sink.frame(packet[0]!, packet, 0, bodyStart, end) ? position : -1;
  }

  /** Reads the fixed header at `start`; false if it is not all there before `limit`. */
  #readHeader(buffer: Buffer, start: number, limit: number): boolean {
    let length = 0;
    let shift = 0;
    for (let i = start + 1; i < limit; i++) {
      const byte = buffer[i]!;
      length |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        if (byte === 0 && shift > 0 && this.protocolVersion === 5) throw malformed('the remaining length is padded');
        this.#bodyStart = i + 1;
        this.#end = i + 1 + length;
        if (this.#end - start > this.maximumPacketSize) {
          const message = `a packet of ${this.#end - start} bytes is over the maximum of ${this.maximumPacketSize}`;
          throw new MqttError(ReasonCode.packetTooLarge, message);
        }
        return true;
      }
      shift += 7;
      if (shift === 28) throw malformed('the remaining length is longer than four bytes');
    }
    return false;
  }

  #keep(chunk: Buffer, position: number): void {
    this.#tail = Buffer.allocUnsafe(Math.max(chunk.length - position, LONGEST_HEADER));
    this.#append(chunk, position, chunk.length);
  }

  /** Makes room for `needed` bytes of a packet of `announced`: doubling, so that a slow trickle is not copied each time. */
  #grow(needed: number, announced: number): void {
    const tail = this.#tail!;
    if (needed <= tail.length) return;
    this.#tail = Buffer.allocUnsafe(Math.min(Math.max(needed, tail.length * 2), announced));
    tail.copy(this.#tail, 0, 0, this.#tailLength);
  }

  #append(chunk: Buffer, start: number, end: number): void {
    this.#tailLength += chunk.copy(this.#tail!, this.#tailLength, start, end);
  }
}
