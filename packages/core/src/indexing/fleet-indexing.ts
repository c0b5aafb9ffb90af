/** Use-cases of fleet indexing: what is indexed, and what can be asked of it. *AWS: Fleet indexing*. */
import { retryDelay } from '../backoff.ts';
import type { Domain } from '../domain.ts';
import { ServiceError } from '../errors.ts';
import { type Realm, realmKey, realmOfKey } from '../realm.ts';
import { countDynamicGroups } from '../registry/dynamic-group-store.ts';
import type { Page, PageRequest } from '../store/pagination.ts';
import { retryStale } from '../store/retry.ts';
import { systemTimers, type Timers } from '../timers.ts';
import {
  aggregationField,
  type Bucket,
  bucketsOf,
  cardinalityOf,
  percentilesOf,
  type Statistics,
  statisticsOf,
} from './aggregate.ts';
import {
  checkThingGroupIndexing,
  checkThingIndexing,
  type IndexConfiguration,
  type IndexName,
  isOff,
  schemaOf,
  type ThingGroupIndexingConfiguration,
  type ThingIndexingConfiguration,
  thingGroupIndexingOff,
  thingIndexingOff,
} from './configuration.ts';
import type { IndexDocument } from './document.ts';
import { listSources } from './document-store.ts';
import { changeIndex, insertIndex, listIndexes, markComplete, readIndex, type SearchIndex } from './index-store.ts';
import type { Indexer } from './indexer.ts';
import { awsIndexingLimits, type IndexingLimits } from './limits.ts';
import type { IndexReader } from './plan.ts';
import { parseQuery, queryVersion } from './query/parse.ts';
import { searchDocuments } from './search.ts';

/** What every question names. */
export interface IndexQuery {
  readonly indexName?: string | undefined;
  readonly queryString: string;
  readonly queryVersion?: string | undefined;
}

export interface AggregationQuery extends IndexQuery {
  /** `registry.version` unless told. */
  readonly aggregationField?: string | undefined;
}

export interface IndexDescription {
  readonly indexName: IndexName;
  readonly indexStatus: 'ACTIVE' | 'BUILDING' | 'REBUILDING';
  readonly schema: string;
}

export interface IndexingConfiguration {
  readonly things: ThingIndexingConfiguration;
  readonly thingGroups: ThingGroupIndexingConfiguration;
}

export interface FleetIndexingOptions {
  readonly limits?: IndexingLimits;
  /** Where searches read; the store unless told. */
  readonly reader?: IndexReader;
  /** Resolves when everything known so far has been told to the indexer. */
  readonly settle?: () => Promise<void>;
  /** An index could not be built, which is tried again later. */
  readonly failed: (error: unknown) => void;
  readonly timers?: Timers;
}

const indexNames: readonly IndexName[] = ['AWS_ThingGroups', 'AWS_Things'];
const defaultPercents = [1, 5, 25, 50, 75, 95, 99];
const defaultBuckets = 10;
/** So many things or groups are indexed before an update of the configuration is answered; more than that, after it. */
const indexedAtOnce = 1000;
/** Searches wait for so many documents to be indexed, which takes less than a second. */
const waitedFor = 500;

export class FleetIndexing {
  readonly #domain: Domain;
  readonly #indexer: Indexer;
  readonly #limits: IndexingLimits;
  readonly #reader: IndexReader;
  readonly #settle: () => Promise<void>;
  readonly #failed: (error: unknown) => void;
  readonly #timers: Timers;
  /** Rebuilds that run, by index. */
  readonly #rebuilds = new Set<Promise<void>>();
  #closed = false;

  constructor(domain: Domain, indexer: Indexer, options: FleetIndexingOptions) {
    this.#domain = domain;
    this.#indexer = indexer;
    this.#limits = options.limits ?? awsIndexingLimits;
    this.#reader = options.reader ?? domain.store;
    this.#settle = options.settle ?? (async () => {});
    this.#failed = options.failed;
    this.#timers = options.timers ?? systemTimers;
  }

  /**
   * Goes through the indexes of every realm, unless the program has ended in good order: an earlier process may not have lived to index
   * its last changes. To be called before anything changes; answers before it is done.
   */
  async start(): Promise<void> {
    const { store } = this.#domain;
    const indexes = await listIndexes(store);
    if (indexes.some(({ complete }) => complete)) await store.commit([markComplete(store, false)]);
    for (const index of indexes) if (!index.complete) this.#rebuild(index);
  }

  /** Resolves when nothing is being rebuilt. */
  async settled(): Promise<void> {
    while (this.#rebuilds.size > 0) await Promise.all(this.#rebuilds);
  }

  /** Indexes what has been heard of; an index that is being built goes on to be after the next start. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.settled();
    await this.#indexer.close();
    const { store } = this.#domain;
    if (!this.#indexer.hasFailed) await store.commit([markComplete(store, true)]);
  }

  async configuration(realm: Realm): Promise<IndexingConfiguration> {
    const [things, thingGroups] = await Promise.all([
      this.#configuration(realm, 'AWS_Things', thingIndexingOff),
      this.#configuration(realm, 'AWS_ThingGroups', thingGroupIndexingOff),
    ]);
    return { things, thingGroups };
  }

  /** What is not given stays as it is. Throws `InvalidRequestException` for a configuration that contradicts itself. */
  async updateConfiguration(realm: Realm, update: Partial<IndexingConfiguration>): Promise<void> {
    const things = update.things && checkThingIndexing(update.things, this.#limits);
    const thingGroups = update.thingGroups && checkThingGroupIndexing(update.thingGroups, this.#limits);
    if (things && isOff(things)) await this.#checkUnused(realm);
    if (things) await this.#configure(realm, 'AWS_Things', things);
    if (thingGroups) await this.#configure(realm, 'AWS_ThingGroups', thingGroups);
  }

  /** Names of the indexes that are on. */
  async list(realm: Realm): Promise<IndexName[]> {
    const indexes = await Promise.all(indexNames.map(name => readIndex(this.#domain.store, realmKey(realm), name)));
    return indexes.flatMap(index => (index === undefined || isOff(index.configuration) ? [] : [index.name]));
  }

  /** Throws `ResourceNotFoundException` for an index that is off, or is none. */
  async describe(realm: Realm, indexName: string): Promise<IndexDescription> {
    const { name, status, configuration } = await this.#require(realm, indexName);
    return {
      indexName: name,
      indexStatus: status === 'OFF' ? 'BUILDING' : status,
      schema: schemaOf(configuration),
    };
  }

  /**
   * Documents by name. Throws `InvalidQueryException`, `ResourceNotFoundException` for an index that is off, `IndexNotReadyException`
   * for one that is being built.
   */
  async search(realm: Realm, request: IndexQuery & PageRequest): Promise<Page<IndexDocument>> {
    const { index, query } = await this.#ask(realm, request);
    const { searchResults } = this.#limits;
    const maxResults = Math.min(request.maxResults ?? searchResults, searchResults);
    return searchDocuments(this.#reader, index, query, { nextToken: request.nextToken, maxResults });
  }

  /** Throws as `search`, and `InvalidAggregationException` for a field that cannot be aggregated; the others likewise. */
  async statistics(realm: Realm, request: AggregationQuery): Promise<Statistics> {
    const { index, query, field } = await this.#aggregate(realm, request);
    return statisticsOf(this.#reader, index, query, field);
  }

  async cardinality(realm: Realm, request: AggregationQuery): Promise<number> {
    const { index, query, field } = await this.#aggregate(realm, request);
    return cardinalityOf(this.#reader, index, query, field);
  }

  async percentiles(
    realm: Realm,
    request: AggregationQuery & { readonly percents?: readonly number[] | undefined },
  ): Promise<{ percent: number; value: number }[]> {
    const percents = request.percents && request.percents.length > 0 ? request.percents : defaultPercents;
    if (percents.length > this.#limits.aggregationPercentiles) {
      throw invalid(`${percents.length} percentiles are more than the ${this.#limits.aggregationPercentiles} allowed`);
    }
    const { index, query, field } = await this.#aggregate(realm, request);
    return percentilesOf(this.#reader, index, query, field, percents);
  }

  async buckets(
    realm: Realm,
    request: AggregationQuery & { readonly maxBuckets?: number | undefined },
  ): Promise<{ totalCount: number; buckets: Bucket[] }> {
    const { maxBuckets = defaultBuckets } = request;
    if (maxBuckets > this.#limits.aggregationBuckets) {
      throw invalid(`${maxBuckets} buckets are more than the ${this.#limits.aggregationBuckets} allowed`);
    }
    const { index, query, field } = await this.#aggregate(realm, request);
    return bucketsOf(this.#reader, index, query, field, maxBuckets);
  }

  async #aggregate(realm: Realm, request: AggregationQuery) {
    const asked = await this.#ask(realm, request);
    const byDefault = asked.index.name === 'AWS_Things' ? 'registry.version' : 'version';
    return { ...asked, field: aggregationField(asked.index, request.aggregationField ?? byDefault) };
  }

  async #ask(realm: Realm, request: IndexQuery) {
    const index = await this.#require(realm, request.indexName ?? 'AWS_Things');
    if (index.status === 'BUILDING') {
      throw new ServiceError('IndexNotReadyException', `index ${index.name} is being built; try again later`);
    }
    if ((request.queryVersion ?? queryVersion) !== queryVersion) {
      throw invalid(`query version \`${request.queryVersion}\` is not \`${queryVersion}\`, the only one`);
    }
    const query = parseQuery(request.queryString, this.#limits);
    // Whoever has been answered about a change finds it, unless the index is far behind.
    await this.#settle();
    if (this.#indexer.pending <= waitedFor) await this.#indexer.flush();
    return { index, query };
  }

  async #require(realm: Realm, indexName: string): Promise<SearchIndex> {
    const name = indexNames.find(known => known === indexName);
    const index = name && (await readIndex(this.#domain.store, realmKey(realm), name));
    if (!index || isOff(index.configuration)) {
      throw new ServiceError('ResourceNotFoundException', `Index ${indexName} does not exist`);
    }
    return index;
  }

  async #configuration<C extends IndexConfiguration>(realm: Realm, name: IndexName, off: C): Promise<C> {
    const index = await readIndex(this.#domain.store, realmKey(realm), name);
    return (index?.configuration as C | undefined) ?? off;
  }

  /** *AWS: Dynamic thing groups*, "The fleet indexing service must be enabled". */
  async #checkUnused(realm: Realm): Promise<void> {
    const count = await countDynamicGroups(this.#domain.store, realmKey(realm));
    if (count > 0) throw invalid(`thing indexing stays on while there are dynamic thing groups: there are ${count}`);
  }

  async #configure(realm: Realm, name: IndexName, configuration: IndexConfiguration): Promise<void> {
    const { store } = this.#domain;
    const key = realmKey(realm);
    const changed = await retryStale(async () => {
      const present = await readIndex(store, key, name);
      if (present === undefined) {
        if (isOff(configuration)) return undefined;
        const index = { realm: key, name, configuration, status: 'BUILDING', generation: 1, complete: false } as const;
        await store.commit([await insertIndex(store, index)]);
        return readIndex(store, key, name);
      }
      if (JSON.stringify(present.configuration) === JSON.stringify(configuration)) return undefined;
      const status = isOff(present.configuration) || present.status === 'BUILDING' ? 'BUILDING' : 'REBUILDING';
      const next = { configuration, status, generation: present.generation + 1 } as const;
      await store.commit([changeIndex(store, present, next)]);
      return { ...present, ...next };
    });
    if (changed === undefined) return;
    const rebuilt = this.#rebuild(changed);
    const isSmall = (await listSources(store, changed, '', indexedAtOnce + 1)).length <= indexedAtOnce;
    if (isSmall) await rebuilt;
  }

  /** `attempt` counts those that failed before. Each begins at the beginning: nobody else builds this index. */
  #rebuild(index: SearchIndex, attempt = 0): Promise<void> {
    const rebuild = this.#indexer
      .rebuild(index, () => this.#closed)
      .then(
        isDone => {
          if (isDone && index.name === 'AWS_Things') {
            this.#domain.changes.emit({ kind: 'thingIndex', realm: realmOfKey(index.realm) });
          }
        },
        error => {
          this.#failed(error);
          this.#timers.after(retryDelay(attempt + 1, Math.random()), () => {
            if (!this.#closed) this.#rebuild(index, attempt + 1);
          });
        },
      );
    const done = rebuild.then(() => void this.#rebuilds.delete(done));
    this.#rebuilds.add(done);
    return done;
  }
}

const invalid = (message: string) => new ServiceError('InvalidRequestException', message);
