/**
 * The topic names one connection used last, as strings: devices publish to few topics, many times.
 *
 * A hit neither checks nor decodes bytes, and its string carries its hash to the next `Map`: decoding a PUBLISH and looking
 * its topic up takes 100 ns in place of 220 (`bench/codec.ts`; AMD EPYC, Node 24). One cache for all connections was
 * slower than none beyond a few thousand topics, for it is cold memory then.
 */
import { decodeTopicName } from './text.ts';

const NAMES = 4;
const LONGEST = 256; // bytes; keeps what a connection can pin small

export class RecentTopics {
  /** ASCII only: such a name has as many characters as bytes, and each character is its byte. */
  readonly #names: string[] = [];
  #next = 0;

  /** As `decodeTopicName`. */
  decode(buffer: Buffer, start: number, end: number): string {
    const length = end - start;
    for (let i = 0; i < this.#names.length; i++) {
      const name = this.#names[i]!;
      if (name.length === length && equals(name, buffer, start)) return name;
    }
    const name = decodeTopicName(buffer, start, end);
    if (name.length === length && length <= LONGEST) {
      this.#names[this.#next] = name;
      this.#next = (this.#next + 1) % NAMES;
    }
    return name;
  }
}

/** Backwards, because the topics of one device differ at their end. */
function equals(name: string, buffer: Buffer, start: number): boolean {
  for (let i = name.length - 1; i >= 0; i--) if (name.charCodeAt(i) !== buffer[start + i]) return false;
  return true;
}
