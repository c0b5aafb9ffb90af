/** What a shadow was: its versions, the state at a time or version, how two differ, and going back. AWS has no such thing. */
import type { Domain } from '../domain.ts';
import { ServiceError } from '../errors.ts';
import { type Realm, realmKey } from '../realm.ts';
import { type Page, type PageRequest, readPage } from '../store/pagination.ts';
import { isJsonObject, type JsonObject, type JsonValue, jsonEquals, member } from './json.ts';
import { isRejection, type ShadowUpdate } from './request.ts';
import type { Shadow } from './shadow.ts';
import type { ShadowName, Shadows } from './shadow-service.ts';
import {
  forgetVersionsBefore,
  listVersions,
  readVersion,
  readVersionAt,
  type ShadowVersion,
  type ShadowVersionSummary,
} from './shadow-store.ts';

export type SectionName = 'desired' | 'reported';

/** A version, a time in ms since the epoch, or what is current. */
export type PointInHistory = { readonly version: number } | { readonly time: number } | 'now';

/** One place where two versions differ; `from` or `to` is absent where it was missing. */
export interface Difference {
  /** Members from the root, such as `desired`, `led`. */
  readonly path: readonly string[];
  readonly from?: JsonValue;
  readonly to?: JsonValue;
}

export interface ShadowDiff {
  readonly from: ShadowVersionSummary;
  readonly to: ShadowVersionSummary;
  readonly differences: readonly Difference[];
}

export class ShadowHistory {
  readonly #domain: Domain;
  readonly #shadows: Shadows;

  constructor(domain: Domain, shadows: Shadows) {
    this.#domain = domain;
    this.#shadows = shadows;
  }

  /** The newest versions first. */
  list(realm: Realm, name: ShadowName, page: PageRequest): Promise<Page<ShadowVersionSummary>> {
    const listing = {
      name: 'shadowVersions',
      order: ['number', 'number'],
      position: ({ updatedAt, version }: ShadowVersionSummary) => [updatedAt, version],
    } as const;
    return readPage(listing, page, (after, limit) => {
      const [updatedAt, version] = (after as readonly [number, number] | undefined) ?? [];
      const before = updatedAt === undefined || version === undefined ? undefined : { updatedAt, version };
      return listVersions(this.#domain.store, keyOf(realm, name), before, limit);
    });
  }

  /** The shadow as it was. Throws `ResourceNotFoundException` where there was none, or it is no longer kept. */
  async at(realm: Realm, name: ShadowName, point: PointInHistory): Promise<ShadowVersion> {
    const { store } = this.#domain;
    const key = keyOf(realm, name);
    if (point !== 'now' && 'version' in point) {
      const entry = await readVersion(store, key, point.version);
      if (entry === undefined) throw notFound(`version \`${point.version}\` is not in the history`);
      return entry;
    }
    // A clock that was set back leaves versions in its future: what is current is the last one, not the last before now.
    const time = point === 'now' ? Number.MAX_SAFE_INTEGER : point.time;
    const entry = await readVersionAt(store, key, time);
    if (entry === undefined || (entry.deletedAt !== undefined && entry.deletedAt <= time)) {
      const then = point === 'now' ? 'now' : `at \`${new Date(time).toISOString()}\``;
      throw notFound(`there is no shadow in the history ${then}`);
    }
    return entry;
  }

  /** Every leaf that differs, in the order of the documents, and the versions that were compared. */
  async diff(realm: Realm, name: ShadowName, from: PointInHistory, to: PointInHistory): Promise<ShadowDiff> {
    const [before, after] = await Promise.all([this.at(realm, name, from), this.at(realm, name, to)]);
    return {
      from: summaryOf(before),
      to: summaryOf(after),
      differences: differences(stateOf(before), stateOf(after)),
    };
  }

  /**
   * Makes the shadow what it was, as an ordinary update with a new version: devices get their delta. `sections` defaults to
   * `desired` alone, because `reported` is the device's to say. Answers what `update/accepted` says, as JSON. Throws
   * `ResourceNotFoundException` for a point that is not in the history.
   */
  async restore(
    realm: Realm,
    name: ShadowName,
    point: PointInHistory,
    principal: string,
    sections: readonly SectionName[] = ['desired'],
  ): Promise<string> {
    const target = await this.at(realm, name, point);
    const result = await this.#shadows.change(realm, name, shadow => restoring(shadow, target, sections), principal);
    if (isRejection(result)) throw new ServiceError('InvalidRequestException', result.message);
    return result;
  }

  /** Forgets versions older than `age` ms; the one a shadow is at stays. To be called now and then. */
  async forgetOlderThan(age: number): Promise<void> {
    await forgetVersionsBefore(this.#domain.store, this.#domain.clock.now() - age);
  }
}

/** The update that takes a shadow to where it was. */
function restoring(shadow: Shadow | undefined, target: ShadowVersion, sections: readonly SectionName[]): ShadowUpdate {
  const patch = (section: SectionName): JsonObject | undefined =>
    sections.includes(section) ? patchTowards(shadow?.[section].state ?? {}, target[section]) : undefined;
  return {
    clear: false,
    desired: patch('desired'),
    reported: patch('reported'),
    version: undefined,
    clientToken: undefined,
  };
}

const keyOf = (realm: Realm, name: ShadowName) => ({ realm: realmKey(realm), ...name });

const notFound = (message: string): ServiceError => new ServiceError('ResourceNotFoundException', message);

const summaryOf = ({ desired: _, reported: __, ...summary }: ShadowVersion): ShadowVersionSummary => summary;

const stateOf = ({ desired, reported }: ShadowVersion): JsonObject => ({ desired, reported });

export function differences(from: JsonObject, to: JsonObject, path: readonly string[] = []): Difference[] {
  const found: Difference[] = [];
  for (const key of new Set([...Object.keys(from), ...Object.keys(to)])) {
    const [before, after] = [member(from, key), member(to, key)];
    const here = [...path, key];
    if (isJsonObject(before) && isJsonObject(after)) found.push(...differences(before, after, here));
    else if (before === undefined) found.push({ path: here, to: after as JsonValue });
    else if (after === undefined) found.push({ path: here, from: before });
    else if (!jsonEquals(before, after)) found.push({ path: here, from: before, to: after });
  }
  return found;
}

/** The patch that turns `present` into `target` by the rules of a merge: what is gone becomes `null`. */
export function patchTowards(present: JsonObject, target: JsonObject): JsonObject {
  const entries: [string, JsonValue][] = [];
  for (const key of new Set([...Object.keys(present), ...Object.keys(target)])) {
    const [before, after] = [member(present, key), member(target, key)];
    if (after === undefined) entries.push([key, null]);
    else if (isJsonObject(before) && isJsonObject(after)) entries.push([key, patchTowards(before, after)]);
    else if (before === undefined || !jsonEquals(before, after)) entries.push([key, after]);
  }
  return Object.fromEntries(entries);
}
