/**
 * Keys that signatures are made with, worked out once for a secret, a day, a region and a service: four of the five HMACs of each call,
 * and most of its price (`bench/registry.ts`). *AWS: Create a signed AWS API request, "Derive a signing key"*.
 */
import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';

/** Keys kept; the one used longest ago goes first. Who names regions at random costs itself the four HMACs. */
const mostKept = 1000;

export interface SigningScope {
  /** `YYYYMMDD`. */
  readonly day: string;
  readonly region: string;
  readonly signingName: string;
}

export class SigningKeys {
  readonly #kept = new Map<string, KeyObject>();

  get size(): number {
    return this.#kept.size;
  }

  find(secretAccessKey: string, { day, region, signingName }: SigningScope): KeyObject {
    // No part but the secret may hold a slash, and it comes last.
    const name = `${day}/${region}/${signingName}/${secretAccessKey}`;
    const known = this.#kept.get(name);
    if (known !== undefined) {
      this.#kept.delete(name);
      this.#kept.set(name, known);
      return known;
    }
    const key = createSecretKey(
      [day, region, signingName, 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`) as Buffer,
    );
    if (this.#kept.size >= mostKept) this.#kept.delete(this.#kept.keys().next().value as string);
    this.#kept.set(name, key);
    return key;
  }
}

const hmac = (key: string | Buffer, data: string): Buffer => createHmac('sha256', key).update(data).digest();
