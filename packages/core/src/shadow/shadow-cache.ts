/** The shadows in use, kept in memory up to a bound in bytes; the least recently used go first. */
import type { ShadowRecord } from './shadow-store.ts';

/** What an entry costs beside its document: the key, the map, the record. */
const overheadBytes = 300;
/** Parsed values beside their text: measured on documents of 50 to 5,000 bytes. */
const bytesPerCharacter = 6;

export class ShadowCache {
  readonly #capacity: number;
  readonly #records = new Map<string, ShadowRecord>();
  #bytes = 0;

  /** 0 keeps nothing: where several processes share a store, each must read what the others wrote. */
  constructor(capacityBytes: number) {
    this.#capacity = capacityBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(key: string): ShadowRecord | undefined {
    const record = this.#records.get(key);
    if (record !== undefined) {
      this.#records.delete(key);
      this.#records.set(key, record);
    }
    return record;
  }

  set(key: string, record: ShadowRecord): void {
    this.delete(key);
    const bytes = sizeOf(record);
    if (bytes > this.#capacity) return;
    this.#records.set(key, record);
    this.#bytes += bytes;
    while (this.#bytes > this.#capacity) this.delete(this.#records.keys().next().value as string);
  }

  delete(key: string): void {
    const record = this.#records.get(key);
    if (record === undefined) return;
    this.#records.delete(key);
    this.#bytes -= sizeOf(record);
  }
}

function sizeOf({ shadow }: ShadowRecord): number {
  if (shadow === undefined) return overheadBytes;
  const { desired, reported, desiredMetadata, reportedMetadata } = shadow.text;
  const characters = desired.length + reported.length + desiredMetadata.length + reportedMetadata.length;
  return overheadBytes + characters * bytesPerCharacter;
}
