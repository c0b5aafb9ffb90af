/**
 * RSA-2048 key pairs for devices, a few kept ready. One costs about 130 ms of CPU on Node's worker pool, which file and DNS work
 * share, so never more than one is made at a time, whatever is asked for.
 */
import { generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { ServiceError } from '@thingd/core';

export interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export const generateRsaKeyPair = (): Promise<KeyPair> => promisify(generateKeyPair)('rsa', { modulusLength: 2048 });

export interface KeyPoolOptions {
  /** How many pairs to keep ready. */
  readonly ready?: number;
  /** How many callers may wait for a pair; the next one is refused. */
  readonly maximumWaiting?: number;
  readonly generate?: () => Promise<KeyPair>;
}

interface Waiting {
  resolve(pair: KeyPair): void;
  reject(error: unknown): void;
}

export class KeyPool {
  readonly #target: number;
  readonly #maximumWaiting: number;
  readonly #generate: () => Promise<KeyPair>;
  readonly #ready: KeyPair[] = [];
  readonly #waiting: Waiting[] = [];
  #generating = false;
  /** A pair that could not be made ahead: not tried again until somebody asks, who is told if it fails then too. */
  #failed = false;
  #closed = false;

  constructor({ ready = 2, maximumWaiting = 100, generate = generateRsaKeyPair }: KeyPoolOptions = {}) {
    this.#target = ready;
    this.#maximumWaiting = maximumWaiting;
    this.#generate = generate;
    void this.#work();
  }

  /** A pair nobody else gets, in the order asked. Throws `ThrottlingException` when too many wait already. */
  async take(): Promise<KeyPair> {
    const ready = this.#ready.shift();
    if (ready === undefined && this.#waiting.length >= this.#maximumWaiting)
      throw new ServiceError('ThrottlingException', 'too many key pairs are asked for at once; try again');
    const pair = ready ?? new Promise<KeyPair>((resolve, reject) => this.#waiting.push({ resolve, reject }));
    void this.#work();
    return pair;
  }

  /** Keeps no more pairs ready; those who wait still get theirs. */
  close(): void {
    this.#closed = true;
    this.#ready.length = 0;
  }

  async #work(): Promise<void> {
    if (this.#generating) return;
    this.#generating = true;
    while (this.#isShort()) await this.#generateOne();
    this.#generating = false;
  }

  #isShort(): boolean {
    return this.#waiting.length > 0 || (!this.#closed && !this.#failed && this.#ready.length < this.#target);
  }

  async #generateOne(): Promise<void> {
    try {
      const pair = await this.#generate();
      this.#failed = false;
      const first = this.#waiting.shift();
      if (first) first.resolve(pair);
      else if (!this.#closed) this.#ready.push(pair);
    } catch (error) {
      this.#failed = true;
      this.#waiting.shift()?.reject(error);
    }
  }
}
