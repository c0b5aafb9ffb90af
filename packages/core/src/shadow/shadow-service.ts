/**
 * Use-cases of shadows, one behind both faces: store first, then tell. Updates of one shadow run one after the other, of different
 * shadows together, so that the store commits them as a group. (AWS: using-device-shadows.)
 */
import type { Domain } from '../domain.ts';
import { type Realm, realmKey } from '../realm.ts';
import { type Page, type PageRequest, readPage } from '../store/pagination.ts';
import { StaleWrite } from '../store/store.ts';
import {
  awsShadowLimits,
  isRejection,
  parseToken,
  parseUpdate,
  type ShadowLimits,
  type ShadowRejection,
} from './request.ts';
import { Serial } from './serial.ts';
import { applyUpdate, getDocument, newShadow, type Shadow, type UpdateOutcome } from './shadow.ts';
import {
  forgetVersions,
  listShadowNames,
  markDeleted,
  readShadow,
  rememberVersion,
  type ShadowKey,
  type ShadowRecord,
  saveShadow,
} from './shadow-store.ts';

/** A thing's shadow; the classic one's `shadowName` is empty. */
export interface ShadowName {
  readonly thingName: string;
  readonly shadowName: string;
}

/** Tells what became of a shadow; the program publishes it on the shadow's topics. */
export interface ShadowAnnouncer {
  /** `suffix` is what follows the shadow's topic prefix: `update/accepted`, `update/delta`, … */
  announce(realm: Realm, name: ShadowName, suffix: string, payload: object): void;
}

export interface HistoryLimits {
  /** Versions kept per shadow; 0 keeps none. */
  readonly versions: number;
}

export interface ShadowOptions {
  readonly limits?: ShadowLimits;
  readonly history?: HistoryLimits;
  /** Shadows held in memory, the least recently used go first. */
  readonly cached?: number;
}

/** A deleted shadow's version count goes on for this long. (AWS: device-shadow-document, "version") */
const versionOutlivesDelete = 48 * 3600_000;

/** History is cut to its bound once in this many versions. */
const forgetEvery = 16;

export class Shadows {
  readonly #domain: Domain;
  readonly #announcer: ShadowAnnouncer;
  readonly #limits: ShadowLimits;
  readonly #history: HistoryLimits;
  readonly #serial = new Serial();
  readonly #cache = new Map<string, ShadowRecord | undefined>();
  readonly #cached: number;

  constructor(domain: Domain, announcer: ShadowAnnouncer, options: ShadowOptions = {}) {
    this.#domain = domain;
    this.#announcer = announcer;
    this.#limits = options.limits ?? awsShadowLimits;
    this.#history = options.history ?? { versions: 100 };
    this.#cached = options.cached ?? 10_000;
  }

  /** Applies an update request, and announces `update/accepted`, `update/documents` and, where they differ, `update/delta`. */
  async update(
    realm: Realm,
    name: ShadowName,
    payload: Uint8Array,
    principal: string,
  ): Promise<object | ShadowRejection> {
    const request = parseUpdate(payload, this.#limits);
    if (isRejection(request)) return request;
    const outcome = await this.#change(realm, name, async (key, record) => {
      const now = this.now();
      const deletedLongAgo = record?.deletedAt !== undefined && now - record.deletedAt > versionOutlivesDelete;
      const lastVersion = record === undefined || deletedLongAgo ? 0 : record.version;
      const result = applyUpdate(record?.shadow, lastVersion, request, Math.floor(now / 1000), this.#limits);
      if (isRejection(result)) return result;
      await this.#save(key, result, record, principal, now);
      return result;
    });
    if (isRejection(outcome)) return outcome;
    this.#announcer.announce(realm, name, 'update/accepted', outcome.accepted);
    this.#announcer.announce(realm, name, 'update/documents', outcome.documents);
    if (outcome.delta !== undefined) this.#announcer.announce(realm, name, 'update/delta', outcome.delta);
    return outcome.accepted;
  }

  /** The document with its delta. */
  async get(realm: Realm, name: ShadowName, payload: Uint8Array): Promise<object | ShadowRejection> {
    const request = parseToken(payload, this.#limits);
    if (isRejection(request)) return request;
    const record = await this.#serial.run(cacheKey(realm, name), () => this.#read(realm, name));
    if (record?.shadow === undefined) return notFound(name, request.clientToken);
    return getDocument(record.shadow, Math.floor(this.now() / 1000), request.clientToken);
  }

  /** Deletes the document; its version number lives on for 48 hours. Announces `delete/accepted`. */
  async delete(realm: Realm, name: ShadowName, payload: Uint8Array): Promise<object | ShadowRejection> {
    const request = parseToken(payload, this.#limits);
    if (isRejection(request)) return request;
    const result = await this.#change(realm, name, async (key, record) => {
      if (record?.shadow === undefined) return notFound(name, request.clientToken);
      const { store } = this.#domain;
      const { version } = record;
      const now = this.now();
      const gone = { ...newShadow(version), version };
      await store.commit([
        saveShadow(store, key, gone, { desired: '{}', reported: '{}' }, version, now, now),
        markDeleted(store, key, version, now),
      ]);
      this.#remember(cacheKey(realm, name), { version, shadow: undefined, deletedAt: now });
      const { clientToken } = request;
      return { version, timestamp: Math.floor(now / 1000), ...(clientToken !== undefined && { clientToken }) };
    });
    if (!isRejection(result)) this.#announcer.announce(realm, name, 'delete/accepted', result);
    return result;
  }

  /** Names of the thing's named shadows, in order; the classic one is never among them. (AWS: ListNamedShadowsForThing) */
  list(realm: Realm, thingName: string, page: PageRequest): Promise<Page<string>> {
    const listing = { name: 'namedShadows', order: ['string'], position: (name: string) => [name] } as const;
    return readPage(listing, page, (after, limit) =>
      listShadowNames(this.#domain.store, realmKey(realm), thingName, (after?.[0] as string | undefined) ?? '', limit),
    );
  }

  /** Reads, decides and commits on one shadow, alone; again from the start if another node was quicker. */
  #change<T>(
    realm: Realm,
    name: ShadowName,
    decide: (key: ShadowKey, record: ShadowRecord | undefined) => Promise<T>,
  ): Promise<T> {
    const cached = cacheKey(realm, name);
    return this.#serial.run(cached, async () => {
      for (;;) {
        const record = await this.#read(realm, name);
        try {
          return await decide({ realm: realmKey(realm), ...name }, record);
        } catch (error) {
          this.#cache.delete(cached);
          if (!(error instanceof StaleWrite)) throw error;
        }
      }
    });
  }

  async #save(
    key: ShadowKey,
    { shadow, text, accepted }: UpdateOutcome,
    record: ShadowRecord | undefined,
    principal: string,
    now: number,
  ) {
    const { store } = this.#domain;
    const writes = [saveShadow(store, key, shadow, text, record?.version, now)];
    const { versions } = this.#history;
    if (versions > 0) {
      const change = JSON.stringify((accepted as { state: unknown }).state);
      writes.push(rememberVersion(store, key, shadow.version, text, change, principal, now));
      if (shadow.version % forgetEvery === 0) writes.push(forgetVersions(store, key, shadow.version - versions));
    }
    await store.commit(writes);
    this.#remember(`${key.realm}\0${key.thingName}\0${key.shadowName}`, toRecord(shadow));
  }

  async #read(realm: Realm, name: ShadowName): Promise<ShadowRecord | undefined> {
    const key = cacheKey(realm, name);
    if (this.#cache.has(key)) {
      const record = this.#cache.get(key);
      this.#remember(key, record);
      return record;
    }
    const record = await readShadow(this.#domain.store, { realm: realmKey(realm), ...name });
    this.#remember(key, record);
    return record;
  }

  /** Moves the entry to the young end of the map, and drops the oldest beyond the bound. */
  #remember(key: string, record: ShadowRecord | undefined): void {
    this.#cache.delete(key);
    this.#cache.set(key, record);
    if (this.#cache.size > this.#cached) this.#cache.delete(this.#cache.keys().next().value as string);
  }

  /** Milliseconds since the epoch, by the clock the shadows live by. */
  now(): number {
    return this.#domain.clock.now();
  }
}

const cacheKey = (realm: Realm, { thingName, shadowName }: ShadowName): string =>
  `${realmKey(realm)}\0${thingName}\0${shadowName}`;

const toRecord = (shadow: Shadow): ShadowRecord => ({ version: shadow.version, shadow, deletedAt: undefined });

/** For the classic shadow the message names the thing. (observed) */
const notFound = ({ thingName, shadowName }: ShadowName, clientToken: string | undefined): ShadowRejection => ({
  code: 404,
  message: `No shadow exists with name: '${shadowName || thingName}'`,
  ...(clientToken !== undefined && { clientToken }),
});
