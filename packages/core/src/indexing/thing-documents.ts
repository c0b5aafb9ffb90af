/** Documents of things, read from where their parts are kept: registry, groups, shadows, connections. */

import { type JsonObject, type JsonValue, member, parseJson } from '../shadow/json.ts';
import { deltaOf, type Metadata } from '../shadow/section.ts';
import type { ShadowTables } from '../shadow/shadow-store.ts';
import type { Store } from '../store/store.ts';
import type { GeoLocation, ThingIndexingConfiguration } from './configuration.ts';
import { readIndexedConnectivity } from './connectivity-store.ts';
import type { Connectivity, Place, ShadowDocument, ThingDocument } from './document.ts';
import { pointOf } from './query/area.ts';
import { readPieces } from './statements.ts';

interface ThingRow {
  thing_name: string;
  thing_id: string;
  thing_type_name: string | null;
  attributes: string;
  version: number;
  billing_group_name: string | null;
}

/** Those of `names` that are things, as the configuration has them indexed; without one, all there is to know of them. */
export async function readThingDocuments(
  store: Store,
  realm: string,
  names: readonly string[],
  configuration: ThingIndexingConfiguration = everything,
): Promise<ThingDocument[]> {
  const connections = configuration.thingConnectivityIndexingMode === 'STATUS';
  const [things, groups, shadows, connectivity] = await Promise.all([
    readPieces<ThingRow>(
      store,
      'select thing_name, thing_id, thing_type_name, billing_group_name, attributes, version from thing where realm = ? and thing_name in (…)',
      [realm],
      names,
    ),
    readGroups(store, realm, names),
    readShadows(store, realm, names, configuration),
    connections ? readIndexedConnectivity(store, realm, names) : new Map<string, Connectivity>(),
  ]);
  return things.map(thing => {
    const name = thing.thing_name;
    const attributes = JSON.parse(thing.attributes) as Record<string, string>;
    const shadow = shadows.get(name);
    const state = connectivity.get(name);
    const places = placesIn(
      { attributes, shadow: shadow as JsonValue | undefined },
      configuration.filter?.geoLocations,
    );
    return {
      kind: 'thing',
      thingName: name,
      thingId: thing.thing_id,
      ...(thing.thing_type_name !== null && { thingTypeName: thing.thing_type_name }),
      thingGroupNames: groups.get(name) ?? [],
      ...(thing.billing_group_name !== null && { billingGroupName: thing.billing_group_name }),
      attributes,
      version: thing.version,
      ...(shadow && { shadow }),
      ...(state && { connectivity: state }),
      ...(places.length > 0 && { places }),
    };
  });
}

/** What a query on one thing may look at when no index says less. */
const everything: ThingIndexingConfiguration = {
  thingIndexingMode: 'REGISTRY_AND_SHADOW',
  thingConnectivityIndexingMode: 'STATUS',
  namedShadowIndexingMode: 'ON',
};

async function readGroups(store: Store, realm: string, names: readonly string[]): Promise<Map<string, string[]>> {
  const rows = await readPieces<{ thing_name: string; thing_group_name: string }>(
    store,
    'select thing_name, thing_group_name from thing_group_member where realm = ? and thing_name in (…)',
    [realm],
    names,
  );
  const groups = new Map<string, string[]>();
  for (const { thing_name, thing_group_name } of rows) {
    const present = groups.get(thing_name);
    if (present) present.push(thing_group_name);
    else groups.set(thing_name, [thing_group_name]);
  }
  for (const list of groups.values()) list.sort();
  return groups;
}

type ShadowRow = ShadowTables['shadow'];

async function readShadows(
  store: Store,
  realm: string,
  names: readonly string[],
  { thingIndexingMode, namedShadowIndexingMode, filter }: ThingIndexingConfiguration,
): Promise<Map<string, NonNullable<ThingDocument['shadow']>>> {
  const classic = thingIndexingMode === 'REGISTRY_AND_SHADOW';
  const named = namedShadowIndexingMode === 'ON';
  const chosen = filter?.namedShadowNames;
  const isIndexed = (shadowName: string) =>
    shadowName === '' ? classic : named && (chosen === undefined || chosen.includes(shadowName));
  if (!classic && !named) return new Map();
  const rows = await readPieces<ShadowRow>(
    store,
    'select thing_name, shadow_name, version, desired, reported, desired_metadata, reported_metadata ' +
      'from shadow where realm = ? and deleted_at is null and thing_name in (…)',
    [realm],
    names,
  );
  const shadows = new Map<string, ShadowDocument & { name?: Record<string, ShadowDocument> }>();
  for (const row of rows.toSorted((a, b) => (a.shadow_name < b.shadow_name ? -1 : 1))) {
    if (!isIndexed(row.shadow_name)) continue;
    const document = shadowDocument(row);
    const present = shadows.get(row.thing_name) ?? {};
    shadows.set(
      row.thing_name,
      row.shadow_name === '' ? document : { ...present, name: { ...present.name, [row.shadow_name]: document } },
    );
  }
  return shadows;
}

function shadowDocument(row: ShadowRow): ShadowDocument {
  const desired = parseJson(row.desired) as JsonObject;
  const reported = parseJson(row.reported) as JsonObject;
  const metadata = {
    ...nonEmpty('desired', parseJson(row.desired_metadata) as JsonObject),
    ...nonEmpty('reported', parseJson(row.reported_metadata) as JsonObject),
  };
  const delta = deltaOf({ state: desired, metadata: (metadata.desired ?? {}) as Metadata }, reported)?.state;
  return {
    ...nonEmpty('desired', desired),
    ...nonEmpty('reported', reported),
    ...(delta && { delta }),
    metadata,
    hasDelta: delta !== undefined,
    version: row.version,
  };
}

const nonEmpty = (name: 'desired' | 'reported', value: JsonObject): { desired?: JsonObject; reported?: JsonObject } =>
  Object.keys(value).length > 0 ? { [name]: value } : {};

/** The places that the configured fields hold. */
function placesIn(
  root: { readonly [part: string]: JsonValue | undefined },
  fields: readonly GeoLocation[] = [],
): Place[] {
  return fields.flatMap(({ name = '', order = 'LatLon' }) => {
    const point = pointOf(valueAt(root as JsonObject, name.split('.')), order);
    return point ? [{ field: name, ...point }] : [];
  });
}

/** A member's own name may hold periods, as an attribute's does. */
function valueAt(value: JsonValue | undefined, path: readonly string[]): JsonValue | undefined {
  if (path.length === 0 || value === undefined) return value;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  for (let length = 1; length <= path.length; length++) {
    const found = valueAt(member(value as JsonObject, path.slice(0, length).join('.')), path.slice(length));
    if (found !== undefined) return found;
  }
  return undefined;
}
