/** Dynamic thing groups: what they are made of, and which of them a thing may be in. */
import type { Realm } from '../realm.ts';

/** `BUILDING` and `REBUILDING`: not every thing that fits is in the group yet, or its query cannot be read any more. */
export type DynamicGroupStatus = 'ACTIVE' | 'BUILDING' | 'REBUILDING';

/** A query of the fleet index. */
export interface FleetQuery {
  readonly indexName: string;
  readonly queryString: string;
  readonly queryVersion: string;
}

/** What makes a group dynamic: its things are those that fit the query. */
export interface DynamicQuery extends FleetQuery {
  readonly status: DynamicGroupStatus;
}

/** What dynamic groups need of fleet indexing; whoever keeps the index provides it. */
export interface FleetQueries {
  /** Throws `InvalidQueryException`, and `InvalidRequestException` for an unknown index or version, or while indexing is off. */
  check(realm: Realm, query: FleetQuery): Promise<void>;
  /** The names of the things that fit, in order, after the one named. Throws `InvalidQueryException` as `check` does. */
  things(realm: Realm, query: FleetQuery, after: string | undefined, limit: number): Promise<readonly string[]>;
  /** Of each query, whether the thing fits it now; none, if there is no such thing. Undefined for a query that is none. */
  fits(realm: Realm, thingName: string, queries: readonly FleetQuery[]): Promise<readonly (boolean | undefined)[]>;
}

export const defaultIndexName = 'AWS_Things';
export const defaultQueryVersion = '2017-09-30';

/**
 * Which of the dynamic groups a thing fits it is in: all, as far as the number of groups it may be in allows beside its static ones;
 * older groups go before newer ones (AWS: dynamic thing groups, "Older dynamic thing groups take priority over newer ones").
 * `fitting` is sorted by age, the oldest first.
 */
export const admittedGroups = <T>(fitting: readonly T[], staticGroups: number, groupsOfThing: number): readonly T[] =>
  fitting.slice(0, Math.max(0, groupsOfThing - staticGroups));
