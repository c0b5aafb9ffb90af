/** The sinks of every realm: those of the configuration file and those made by the API, each opened when it is first written to. */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import {
  ActionFailure,
  type ActionReport,
  type ActionRequest,
  allSinks,
  type Clock,
  type Domain,
  deleteSink,
  putSink,
  type Realm,
  realmKey,
  realmOfKey,
  ServiceError,
} from '@thingd/core';
import { ConfigurationError } from '../../configuration/index.ts';
import { Definition, isObject } from './definition.ts';
import { kinds } from './kinds.ts';
import { withoutSecrets } from './secrets.ts';
import { away, invalid, type Sink, type SinkAddress, sinkNamePattern, Unfit } from './sink.ts';

/** A sink as it is shown: no secrets. */
export interface SinkEntry {
  readonly sinkName: string;
  readonly kind: string;
  /** Those of the configuration change with the file alone. */
  readonly source: 'configuration' | 'api';
  readonly definition: Readonly<Record<string, unknown>>;
  /** Milliseconds since the epoch; of a sink made by the API. */
  readonly lastUpdatedAt?: number;
  /** Deliveries since the program started. */
  readonly delivered: number;
  readonly failed: number;
  /** What was wrong with the target; what was wrong with a message, its rule's traces say. */
  readonly lastFailure?: { readonly at: number; readonly message: string };
}

export interface SinksOptions {
  readonly domain: Pick<Domain, 'store' | 'clock'>;
  /** Of the configuration file: definitions by name, in the default realm, or by `<account>/<region>/<name>`. */
  readonly configured: Readonly<Record<string, unknown>>;
  readonly defaultRealm: Realm;
  /** Where the files of sinks lie that the API has made. */
  readonly directory: string;
  /** Tells this thingd from others that write to the same target. */
  readonly origin: string;
}

/** Sinks of one realm made by the API. */
const mostSinks = 100;
/** Milliseconds that targets have to let go when the program stops. */
const closingPatience = 2000;
/** Bytes of a definition as JSON. */
const longestDefinition = 64 << 10;

interface Known {
  readonly sink: Sink;
  readonly entry: Omit<SinkEntry, 'delivered' | 'failed' | 'lastFailure'>;
  delivered: number;
  failed: number;
  lastFailure?: { readonly at: number; readonly message: string };
}

export class Sinks {
  readonly #options: SinksOptions;
  readonly #clock: Clock;
  /** By realm, then by name. */
  readonly #realms = new Map<string, Map<string, Known>>();

  private constructor(options: SinksOptions) {
    this.#options = options;
    this.#clock = options.domain.clock;
  }

  /** Connects to nothing. Rejects with `ConfigurationError` for a definition of the configuration that cannot be. */
  static async open(options: SinksOptions): Promise<Sinks> {
    const sinks = new Sinks(options);
    for (const { realm, sink } of await allSinks(options.domain.store)) {
      const { sinkName, definition, lastUpdatedAt } = sink;
      sinks.#know(realm, sinks.#made(realmOfKey(realm), sinkName, JSON.parse(definition), lastUpdatedAt));
    }
    try {
      for (const [key, definition] of Object.entries(options.configured)) sinks.#configure(key, definition);
    } catch (error) {
      throw error instanceof ServiceError ? new ConfigurationError(`--sinks: ${error.message}`) : error;
    }
    return sinks;
  }

  /** Refuses what an action may not say to a sink. Throws `InvalidRequestException`, also for one that does not exist. */
  check(realm: Realm, address: SinkAddress): void {
    const known = this.#of(realm).get(address.sinkName);
    if (known === undefined)
      throw invalid(`there is no sink \`${address.sinkName}\`; \`thingd sinks list\` shows those there are`);
    known.sink.check(address);
  }

  /** One attempt to deliver. Rejects with `ActionFailure`; a sink that is not there may come back with a restart. */
  async deliver(request: ActionRequest, address: SinkAddress, url: string): Promise<ActionReport> {
    const known = this.#of(request.realm).get(address.sinkName);
    try {
      if (known === undefined) throw away(`there is no sink \`${address.sinkName}\``);
      const response = await known.sink.deliver(request, address);
      known.delivered += 1;
      return { request: url, response };
    } catch (error) {
      if (!(error instanceof ActionFailure)) throw error;
      const { message, isTransient, report } = error;
      if (known !== undefined) {
        known.failed += 1;
        if (!(error instanceof Unfit)) known.lastFailure = { at: this.#clock.now(), message };
      }
      throw new ActionFailure(message, { isTransient, report: { ...report, request: url }, cause: error });
    }
  }

  list(realm: Realm): readonly SinkEntry[] {
    return [...this.#of(realm).values()].map(shown).sort((a, b) => (a.sinkName < b.sinkName ? -1 : 1));
  }

  /** Throws `ResourceNotFoundException`. */
  get(realm: Realm, sinkName: string): SinkEntry {
    return shown(this.#find(realm, sinkName));
  }

  /**
   * Makes a sink, or replaces one the API has made: what is under way ends on the old one. Throws `InvalidRequestException` for a
   * definition that cannot be and for a sink of the configuration, `LimitExceededException`.
   */
  async put(realm: Realm, sinkName: string, definition: Readonly<Record<string, unknown>>): Promise<SinkEntry> {
    if (!sinkNamePattern.test(sinkName))
      throw invalid(`\`${sinkName}\` is no name for a sink: up to 64 letters, digits, \`_\` and \`-\``);
    const json = JSON.stringify(definition);
    if (json.length > longestDefinition) throw invalid(`a definition may have ${longestDefinition} characters`);
    const present = this.#of(realm);
    refuseConfigured(present.get(sinkName));
    if (!present.has(sinkName) && present.size >= mostSinks) {
      throw new ServiceError('LimitExceededException', `there may be ${mostSinks} sinks`);
    }
    const lastUpdatedAt = this.#clock.now();
    const made = this.#made(realm, sinkName, definition, lastUpdatedAt);
    const { store } = this.#options.domain;
    await store.commit([putSink(store, realmKey(realm), { sinkName, definition: json, lastUpdatedAt })]);
    const before = this.#of(realm).get(sinkName);
    this.#know(realmKey(realm), made);
    void before?.sink.close();
    return shown(made);
  }

  /** Throws `ResourceNotFoundException`, and `InvalidRequestException` for a sink of the configuration. */
  async delete(realm: Realm, sinkName: string): Promise<void> {
    const known = this.#find(realm, sinkName);
    refuseConfigured(known);
    const { store } = this.#options.domain;
    await store.commit([deleteSink(store, realmKey(realm), sinkName)]);
    this.#of(realm).delete(sinkName);
    void known.sink.close();
  }

  async close(): Promise<void> {
    const all = [...this.#realms.values()].flatMap(sinks => [...sinks.values()]);
    const patience = new AbortController();
    const closed = Promise.all(all.map(({ sink }) => sink.close()));
    await Promise.race([closed, pause(closingPatience, undefined, { signal: patience.signal })]).finally(() =>
      patience.abort(),
    );
  }

  #of(realm: Realm): Map<string, Known> {
    return this.#realms.get(realmKey(realm)) ?? new Map();
  }

  #find(realm: Realm, sinkName: string): Known {
    const known = this.#of(realm).get(sinkName);
    if (known !== undefined) return known;
    throw new ServiceError('ResourceNotFoundException', `sink \`${sinkName}\` does not exist`);
  }

  #know(realm: string, known: Known): void {
    const sinks = this.#realms.get(realm) ?? new Map<string, Known>();
    this.#realms.set(realm, sinks.set(known.entry.sinkName, known));
  }

  #configure(key: string, given: unknown): void {
    const parts = key.split('/');
    const sinkName = parts.at(-1)!;
    const realm = parts.length === 3 ? parts.slice(0, 2).join('/') : realmKey(this.#options.defaultRealm);
    if (![1, 3].includes(parts.length) || !sinkNamePattern.test(sinkName)) {
      throw invalid(
        `\`${key}\` is no name for a sink: letters, digits, \`_\` and \`-\`, perhaps after \`<account>/<region>/\``,
      );
    }
    if (!isObject(given)) throw invalid(`\`${key}\`: a sink is an object`);
    const { sink, kind } = this.#opened(key, given, undefined);
    const entry = { sinkName, kind, source: 'configuration', definition: withoutSecrets(given) } as const;
    // It stands before one that the API has made under the same name.
    this.#know(realm, { sink, entry, delivered: 0, failed: 0 });
  }

  #made(realm: Realm, sinkName: string, given: Readonly<Record<string, unknown>>, lastUpdatedAt: number): Known {
    const directory = join(this.#options.directory, realm.accountId, realm.region, sinkName);
    const { sink, kind } = this.#opened(sinkName, given, directory);
    const entry = { sinkName, kind, source: 'api', definition: withoutSecrets(given), lastUpdatedAt } as const;
    return { sink, entry, delivered: 0, failed: 0 };
  }

  #opened(
    name: string,
    given: Readonly<Record<string, unknown>>,
    directory: string | undefined,
  ): { readonly sink: Sink; readonly kind: string } {
    const definition = new Definition(given, directory);
    try {
      const kind = definition.oneOf('kind', Object.keys(kinds));
      const sink = kinds[kind]!(definition, { clock: this.#clock, origin: this.#options.origin });
      definition.end();
      return { sink, kind };
    } catch (error) {
      throw error instanceof ServiceError ? invalid(`sink \`${name}\`: ${error.message}`) : error;
    }
  }
}

const shown = ({ entry, delivered, failed, lastFailure }: Known): SinkEntry => ({
  ...entry,
  delivered,
  failed,
  ...(lastFailure && { lastFailure }),
});

function refuseConfigured(known: Known | undefined): void {
  if (known?.entry.source !== 'configuration') return;
  throw invalid(`sink \`${known.entry.sinkName}\` is the configuration file’s, and changes there alone`);
}
