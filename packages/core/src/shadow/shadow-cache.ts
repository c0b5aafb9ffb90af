/** The shadows in use, kept in memory up to a bound in bytes. */
import { RecentlyUsed } from '../store/recently-used.ts';
import type { ShadowRecord } from './shadow-store.ts';

/** What an entry costs beside its document: the key, the map, the record. */
const overheadBytes = 300;
/** Parsed values beside their text: measured on documents of 50 to 5,000 bytes. */
const bytesPerCharacter = 6;

export class ShadowCache extends RecentlyUsed<ShadowRecord> {
  /** 0 keeps nothing: where several processes share a store, each must read what the others wrote. */
  constructor(capacityBytes: number) {
    super(capacityBytes, sizeOf);
  }
}

function sizeOf({ shadow }: ShadowRecord): number {
  if (shadow === undefined) return overheadBytes;
  const { desired, reported, desiredMetadata, reportedMetadata } = shadow.text;
  const characters = desired.length + reported.length + desiredMetadata.length + reportedMetadata.length;
  return overheadBytes + characters * bytesPerCharacter;
}
