/** The producers that are open: one for each set of client properties, a bounded number, the least recently used closed first. */
import { createHash } from 'node:crypto';
import { type ClientProperties, settingsOf } from './client-properties.ts';
import type { KafkaProducer, OpenProducer } from './producer.ts';

interface Entry {
  readonly producer: Promise<KafkaProducer>;
  uses: number;
  /** No longer among those that are open: closed when its last use ends. */
  isRetired: boolean;
}

export class KafkaProducers {
  readonly #open: OpenProducer;
  readonly #limit: number;
  /** The least recently used first. */
  readonly #entries = new Map<string, Entry>();

  constructor(open: OpenProducer, limit = 32) {
    this.#open = open;
    this.#limit = limit;
  }

  /** Runs `use` with the producer of these properties, which is opened if there is none. Throws what opening it, or `use`, does. */
  async with<Result>(properties: ClientProperties, use: (producer: KafkaProducer) => Promise<Result>): Promise<Result> {
    const key = keyOf(properties);
    const entry = this.#entries.get(key) ?? this.#begin(properties);
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    entry.uses += 1;
    for (const [oldest, old] of this.#entries) {
      if (this.#entries.size <= this.#limit) break;
      this.#entries.delete(oldest);
      this.#retire(old);
    }
    try {
      return await use(await entry.producer);
    } finally {
      entry.uses -= 1;
      const isBroken = await entry.producer.then(
        () => false,
        () => true,
      );
      if (isBroken && this.#entries.get(key) === entry) this.#entries.delete(key);
      if (entry.isRetired) this.#retire(entry);
    }
  }

  /** Resolves when every producer is closed. */
  async close(): Promise<void> {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    await Promise.all(entries.map(({ producer }) => close(producer)));
  }

  #begin(properties: ClientProperties): Entry {
    return { producer: this.#open(settingsOf(properties)), uses: 0, isRetired: false };
  }

  #retire(entry: Entry): void {
    entry.isRetired = true;
    if (entry.uses === 0) void close(entry.producer);
  }
}

/** One that did not open is closed already. */
const close = (producer: Promise<KafkaProducer>): Promise<void> =>
  producer.then(opened => opened.close()).catch(() => {});

/** The properties have passwords, which need not be kept twice. */
const keyOf = (properties: ClientProperties): string =>
  createHash('sha256')
    .update(JSON.stringify(Object.entries(properties).sort()))
    .digest('base64');
