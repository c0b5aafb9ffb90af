/**
 * Keeps the indexes true: hears of changes, reads what the things and groups concerned are now, and writes the difference to the
 * index, many at a time. An index follows its sources by a fraction of a second; writers of the registry never wait for it.
 */
import { retryDelay } from '../backoff.ts';
import type { Domain } from '../domain.ts';
import type { Change } from '../events/changes.ts';
import { type Realm, realmKey, realmOfKey } from '../realm.ts';
import { retryStale } from '../store/retry.ts';
import { systemTimers, type Timers } from '../timers.ts';
import { type IndexName, isOff, type ThingIndexingConfiguration } from './configuration.ts';
import type { IndexDocument, ThingDocument } from './document.ts';
import { listNames, listNamesByWord, listSources, readDocuments } from './document-store.ts';
import { DocumentWriter } from './document-writer.ts';
import { readGroupDocuments } from './group-documents.ts';
import { changeIndex, readIndex, type SearchIndex } from './index-store.ts';
import { Rounds } from './rounds.ts';
import { readThingDocuments } from './thing-documents.ts';

export interface IndexerOptions {
  /** There is something to do: `flush` should be called soon. */
  readonly onPending?: () => void;
  /** Something could not be indexed and will be tried again: a failure of the store, or a bug. Told once a round. */
  readonly failed: (error: unknown) => void;
  readonly timers?: Timers;
}

/** Told after things have been indexed anew: as they are now, and the names of those that are gone. */
export type IndexedListener = (realm: Realm, things: readonly ThingDocument[], removed: readonly string[]) => void;

/** Documents of one commit: few enough that whoever commits next does not wait long. */
const batchSize = 64;

export class Indexer {
  readonly #domain: Domain;
  readonly #options: IndexerOptions;
  /** Names to look at again, by index. */
  #pending = new Map<string, Pending>();
  /** What the flush that runs has still to do. */
  #writing: Pending[] = [];
  readonly #rounds = new Rounds(
    () => this.#pending.size > 0,
    () => this.#flush(),
  );
  /** What could not be indexed and waits for another attempt, by index. */
  readonly #waiting = new Map<string, Pending>();
  /** Rounds of attempts in a row of which one had a failure. */
  #failures = 0;
  #callOffRetry: (() => void) | undefined;
  readonly #writer: DocumentWriter;
  readonly #listeners = new Set<IndexedListener>();
  readonly #stopListening: () => void;
  constructor(domain: Domain, options: IndexerOptions) {
    this.#domain = domain;
    this.#options = options;
    this.#writer = new DocumentWriter(domain.store);
    this.#stopListening = domain.changes.on(change => this.#hear(change));
  }

  /** Returns the function that stops listening. */
  onIndexed(listener: IndexedListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Whether something heard of could not be indexed and is not yet. */
  get hasFailed(): boolean {
    return this.#waiting.size > 0;
  }

  /** Documents heard of that are not in the index yet, those apart that could not be indexed. */
  get pending(): number {
    return countOf([...this.#pending.values(), ...this.#writing]);
  }

  /** Resolves when everything heard of before the call is in the index, or could not be indexed. */
  flush(): Promise<void> {
    return this.#rounds.settle();
  }

  /** Stops listening and finishes what has been heard. */
  async close(): Promise<void> {
    this.#stopListening();
    await this.flush();
    this.#callOffRetry?.();
    this.#tryAgain();
    await this.flush();
    this.#callOffRetry?.();
  }

  /** Indexes `names` as they are now; an index that is off loses them. */
  async update(index: SearchIndex, names: readonly string[]): Promise<void> {
    const { store } = this.#domain;
    await retryStale(async () => {
      const stored = await readDocuments(store, index.id, names);
      const documents = await this.#read(index, names);
      await this.#writer.write(index.id, stored, documents);
      this.#tell(index, names, documents);
    });
  }

  /**
   * Goes through everything there is and everything indexed, so that the index is what its sources are, and is then active. Gives up,
   * answering false, when the configuration changes meanwhile, or it is `stopped`.
   */
  async rebuild(index: SearchIndex, stopped: () => boolean = () => false): Promise<boolean> {
    const { store } = this.#domain;
    for (let after: string | undefined = ''; after !== undefined; ) {
      if (stopped() || !(await this.#isCurrent(index))) return false;
      const known = await listNames(store, index.id, after, batchSize);
      const present = isOff(index.configuration) ? [] : await listSources(store, index, after, batchSize);
      await this.update(index, [...new Set([...known, ...present])]);
      after = nextPage(known, present);
    }
    if (!(await this.#isCurrent(index))) return false;
    await store.commit([changeIndex(store, index, { status: isOff(index.configuration) ? 'OFF' : 'ACTIVE' })]);
    return true;
  }

  async #isCurrent({ realm, name, generation }: SearchIndex): Promise<boolean> {
    return (await readIndex(this.#domain.store, realm, name))?.generation === generation;
  }

  #hear(change: Change): void {
    switch (change.kind) {
      case 'thing':
      case 'thingBillingGroup':
      case 'thingGroupMembership':
      case 'shadow':
      case 'connectivity':
        this.#pendingOf(change.realm, 'AWS_Things').names.add(change.thingName);
        break;
      case 'thingGroup':
        this.#pendingOf(change.realm, 'AWS_ThingGroups').names.add(change.thingGroupName);
        if (change.operation === 'deleted') {
          this.#pendingOf(change.realm, 'AWS_Things').gone.push(['thingGroupNames', change.thingGroupName]);
        }
        break;
      case 'billingGroupDeleted':
        this.#pendingOf(change.realm, 'AWS_Things').gone.push(['billingGroupName', change.billingGroupName]);
        break;
      default:
        return;
    }
    this.#options.onPending?.();
  }

  #pendingOf(realm: Realm, index: IndexName): Pending {
    return entryOf(this.#pending, realmKey(realm), index);
  }

  async #flush(): Promise<void> {
    this.#writing = [...this.#pending.values()];
    this.#pending = new Map();
    let failure: { readonly error: unknown } | undefined;
    const failed = (error: unknown) => {
      failure ??= { error };
    };
    for (let part = this.#writing[0]; part !== undefined; part = this.#writing[0]) {
      try {
        await this.#updatePending(part, failed);
      } catch (error) {
        failed(error);
        mergeInto(this.#waiting, part);
      }
      this.#writing.shift();
    }
    if (failure !== undefined) this.#retryLater(failure.error);
    else if (!this.hasFailed) this.#failures = 0;
  }

  /** One error stands for all of a round: what keeps one thing out of the index mostly keeps out others. */
  #retryLater(error: unknown): void {
    this.#options.failed(error);
    this.#failures += 1;
    const { timers = systemTimers } = this.#options;
    this.#callOffRetry ??= timers.after(retryDelay(this.#failures, Math.random()), () => this.#tryAgain());
  }

  #tryAgain(): void {
    this.#callOffRetry = undefined;
    for (const part of this.#waiting.values()) mergeInto(this.#pending, part);
    this.#waiting.clear();
    this.#options.onPending?.();
  }

  async #updatePending({ realm, index: name, names, gone }: Pending, failed: (error: unknown) => void): Promise<void> {
    const { store } = this.#domain;
    let index = await readIndex(store, realm, name);
    if (index === undefined || isOff(index.configuration)) return;
    for (const [field, group] of gone) {
      for (const member of await listNamesByWord(store, index.id, field, group)) names.add(member);
    }
    // Whoever configures the index anew meanwhile may already have passed these by.
    for (let done: SearchIndex | undefined; index !== undefined && index.generation !== done?.generation; ) {
      await this.#updateBatches(index, [...names], failed);
      done = index;
      index = await readIndex(store, realm, name);
    }
  }

  async #updateBatches(index: SearchIndex, names: readonly string[], failed: (error: unknown) => void): Promise<void> {
    for (let start = 0; start < names.length; start += batchSize) {
      const batch = names.slice(start, start + batchSize);
      try {
        await this.update(index, batch);
      } catch {
        // One that cannot be indexed must not keep out those beside it.
        for (const name of batch) await this.#updateAlone(index, name, failed);
      }
    }
  }

  async #updateAlone(index: SearchIndex, name: string, failed: (error: unknown) => void): Promise<void> {
    try {
      await this.update(index, [name]);
    } catch (error) {
      failed(error);
      entryOf(this.#waiting, index.realm, index.name).names.add(name);
    }
  }

  async #read({ realm, configuration }: SearchIndex, names: readonly string[]): Promise<IndexDocument[]> {
    const { store } = this.#domain;
    if (isOff(configuration)) return [];
    return 'thingIndexingMode' in configuration
      ? readThingDocuments(store, realm, names, configuration as ThingIndexingConfiguration)
      : readGroupDocuments(store, realm, names);
  }

  #tell(index: SearchIndex, names: readonly string[], documents: readonly IndexDocument[]): void {
    if (index.name !== 'AWS_Things' || this.#listeners.size === 0) return;
    const things = documents.filter(document => document.kind === 'thing');
    const present = new Set(things.map(({ thingName }) => thingName));
    const removed = names.filter(name => !present.has(name));
    for (const listener of this.#listeners) listener(realmOfKey(index.realm), things, removed);
  }
}

interface Pending {
  readonly realm: string;
  readonly index: IndexName;
  readonly names: Set<string>;
  /** Groups that are gone, with the field that names them: they leave their things without a word. */
  readonly gone: (readonly [field: string, group: string])[];
}

function entryOf(parts: Map<string, Pending>, realm: string, index: IndexName): Pending {
  const key = `${realm} ${index}`;
  let part = parts.get(key);
  if (part === undefined) {
    part = { realm, index, names: new Set(), gone: [] };
    parts.set(key, part);
  }
  return part;
}

function mergeInto(parts: Map<string, Pending>, { realm, index, names, gone }: Pending): void {
  const part = entryOf(parts, realm, index);
  for (const name of names) part.names.add(name);
  part.gone.push(...gone);
}

const countOf = (parts: readonly Pending[]): number => parts.reduce((count, { names }) => count + names.size, 0);

/** Two lists are gone through side by side: on from the lesser end of those that have more. */
function nextPage(...pages: readonly (readonly string[])[]): string | undefined {
  const ends = pages.filter(page => page.length === batchSize).map(page => page.at(-1) as string);
  return ends.length === 0 ? undefined : ends.reduce((least, end) => (end < least ? end : least));
}
