/** A small fleet for tests, put into an index as it is, and what queries find in it. */
import type { Store } from '../store/store.ts';
import type { ThingIndexingConfiguration } from './configuration.ts';
import type { IndexDocument, ThingDocument } from './document.ts';
import { nameOf } from './document.ts';
import { readDocuments } from './document-store.ts';
import { DocumentWriter } from './document-writer.ts';
import { insertIndex, readIndex, type SearchIndex } from './index-store.ts';

export const indexedRealm = '123456789012/eu-west-1';

const everything: ThingIndexingConfiguration = {
  thingIndexingMode: 'REGISTRY_AND_SHADOW',
  thingConnectivityIndexingMode: 'STATUS',
  deviceDefenderIndexingMode: 'VIOLATIONS',
  namedShadowIndexingMode: 'ON',
  customFields: [
    { name: 'attributes.watts', type: 'Number' },
    { name: 'attributes.model', type: 'String' },
    { name: 'attributes.smart', type: 'Boolean' },
    { name: 'shadow.reported.location', type: 'String' },
    { name: 'shadow.reported.on', type: 'Boolean' },
  ],
  filter: { namedShadowNames: ['config'] },
};

/** An index of these documents, and of nothing else, that is ready to be searched. */
export async function indexOf(store: Store, documents: readonly IndexDocument[]): Promise<SearchIndex> {
  let index = await readIndex(store, indexedRealm, 'AWS_Things');
  if (index === undefined) {
    const fresh = {
      realm: indexedRealm,
      name: 'AWS_Things',
      configuration: everything,
      status: 'ACTIVE',
      generation: 1,
      complete: false,
    } as const;
    await store.commit([await insertIndex(store, fresh)]);
    index = (await readIndex(store, indexedRealm, 'AWS_Things')) as SearchIndex;
  }
  const known = await store.all<{ name: string }>({ sql: 'select name from search_document', parameters: [] });
  const names = [...new Set([...known.map(({ name }) => name), ...documents.map(nameOf)])];
  await new DocumentWriter(store).write(index.id, await readDocuments(store, index.id, names), documents);
  return index;
}

const thing = (thingName: string, more: Partial<ThingDocument> = {}): ThingDocument => ({
  kind: 'thing',
  thingName,
  thingId: `id-of-${thingName}`,
  thingGroupNames: [],
  attributes: {},
  version: 1,
  ...more,
});

const stamp = { timestamp: 1_557_000_000 };

/** Their names are short, so that a row of the table below fits on a line. */
export const fleet: readonly ThingDocument[] = [
  thing('lamp1', {
    thingTypeName: 'LightBulb',
    thingGroupNames: ['kitchen', 'upstairs'],
    billingGroupName: 'home',
    attributes: { model: 'legacy', watts: '75', serial: 'abcd', attr1: 'abc', attr2: '4', attr3: '9', smart: 'true' },
    version: 3,
    shadow: {
      desired: { on: false, location: 'new york' },
      reported: { on: true, location: 'new york', stats: { battery: 78 }, myvalues: [1, 2, 3], firmware: 'v2' },
      delta: { on: false },
      metadata: { reported: { on: stamp, stats: { battery: stamp } } },
      hasDelta: true,
      version: 10,
    },
    connectivity: { connected: true, timestamp: 1_557_700_000_000, version: 4 },
  }),
  thing('lamp2', {
    thingTypeName: 'LightBulb',
    thingGroupNames: ['kitchen'],
    attributes: { model: 'v2', watts: '80', serial: 'abce', attr1: 'ABC', attr2: '6', smart: 'false' },
    shadow: {
      reported: { on: true, location: 'york', stats: { battery: 100 }, myvalues: [4], colors: ['RED', 'GREEN'] },
      hasDelta: false,
      version: 2,
      name: {
        config: {
          desired: { filament: 'tungsten', volts: 230 },
          reported: { location: 'hall' },
          delta: { filament: 'tungsten', volts: 230 },
          hasDelta: true,
          version: 1,
        },
      },
    },
    connectivity: {
      connected: false,
      timestamp: 1_557_700_000_000,
      disconnectReason: 'CLIENT_INITIATED_DISCONNECT',
      version: 9,
    },
  }),
  thing('lamp3', {
    attributes: { model: 'v3', watts: '81.5', serial: 'abcf', attr1: 'abc', attr2: '-4.5', attr3: '11' },
    shadow: {
      desired: { stats: { battery: 90 } },
      reported: { on: false, stats: { battery: 70.5 }, firmware: 'v3', location: { lat: 47.61, lon: -122.33 } },
      hasDelta: true,
      version: 7,
    },
    connectivity: { connected: false, timestamp: 1_557_999_999_999, disconnectReason: 'CONNECTION_LOST', version: 1 },
    deviceDefender: {
      violationCount: 2,
      profile1: {
        disconnectBehavior: {
          metricName: 'aws:num-disconnects',
          lastViolationTime: 1_634_227_200_001,
          lastViolationValue: { number: 3 },
          inViolation: true,
        },
      },
    },
    places: [{ field: 'shadow.reported.location', latitude: 47.61, longitude: -122.33 }],
  }),
  thing('myThingName', {
    thingTypeName: 'aa',
    thingGroupNames: ['cellar'],
    billingGroupName: 'home',
    attributes: { text: 'init', myAttribute: 'it', attr1: 'a*c', attr2: 'five', path: 'a/b:c', empty: 'x-y' },
    places: [{ field: 'attributes.place', latitude: 47.7, longitude: -122.2 }],
  }),
  thing('tv1', { attributes: { note: 'one', 'dotted.name': '1' }, deviceDefender: { violationCount: 0 } }),
  thing('tv2', {
    attributes: { myAttribute: 'i-t', numbers: '1e2' },
    connectivity: { connected: true, timestamp: 1_557_651_600_000, version: 2 },
  }),
  thing('plasma', {
    attributes: { watts: 'many' },
    shadow: { reported: { words: 'a b  c', long: 'x y' }, hasDelta: false, version: 1 },
  }),
];

/** A query, and the things it finds. */
export const queries: readonly (readonly [queryString: string, found: string])[] = [
  // AWS: Example thing queries, row by row.
  ['abc', 'lamp1 lamp2 lamp3'],
  ['thingName:myThingName', 'myThingName'],
  ['thingName:my*', 'myThingName'],
  ['thingName:*name', 'myThingName'],
  ['thingName:*amp*', 'lamp1 lamp2 lamp3'],
  ['thingName:tv?', 'tv1 tv2'],
  ['thingTypeName:aa', 'myThingName'],
  ['thingGroupNames:kitchen', 'lamp1 lamp2'],
  ['thingGroupNames:home', 'lamp1 myThingName'],
  ['thingGroupNames:k*', 'lamp1 lamp2'],
  ['attributes.watts:75', 'lamp1'],
  ['attributes.watts:[75 TO 80]', 'lamp1 lamp2'],
  ['attributes.watts:{75 TO 80]', 'lamp2'],
  ['attributes.serial:["abcd" TO "abcf"]', 'lamp1 lamp2 lamp3'],
  ['attributes.myAttribute:i*t', 'myThingName tv2'],
  ['attributes.attr1:abc AND attributes.attr2<5 NOT attributes.attr3>10', 'lamp1'],
  ['shadow.hasDelta:true', 'lamp1 lamp3'],
  ['NOT attributes.model:legacy', 'lamp2 lamp3 myThingName plasma tv1 tv2'],
  ['shadow.reported.stats.battery:{70 TO 100} (v2 OR v3) NOT attributes.model:legacy', 'lamp3'],
  ['shadow.reported.myvalues:2', 'lamp1'],
  ['shadow.reported.location:* NOT shadow.desired.stats.battery:*', 'lamp1 lamp2'],
  ['shadow.name.config.hasDelta:true', 'lamp2'],
  ['shadow.name.config.desired.filament:*', 'lamp2'],
  ['shadow.name.config.reported.location:*', 'lamp2'],
  ['connectivity.connected:true', 'lamp1 tv2'],
  ['connectivity.connected:false', 'lamp2 lamp3'],
  ['connectivity.connected:true AND connectivity.timestamp : [1557651600000 TO 1557867600000]', 'lamp1 tv2'],
  ['connectivity.connected:false AND connectivity.timestamp : [1557651600000 TO 1557867600000]', 'lamp2'],
  ['connectivity.connected:true AND connectivity.timestamp > 1557651600000', 'lamp1'],
  ['connectivity.connected:*', 'lamp1 lamp2 lamp3 tv2'],
  ['connectivity.disconnectReason:*', 'lamp2 lamp3'],
  ['connectivity.disconnectReason:CLIENT_INITIATED_DISCONNECT', 'lamp2'],
  ['deviceDefender.violationCount:[0 TO 100]', 'lamp3 tv1'],
  ['deviceDefender.profile1.disconnectBehavior.inViolation:true', 'lamp3'],
  ['deviceDefender.profile1.disconnectBehavior.lastViolationValue.number>2', 'lamp3'],
  ['deviceDefender.profile1.disconnectBehavior.lastViolationTime>1634227200000', 'lamp3'],
  // AWS: Query syntax, and the aggregation page.
  ['*', 'lamp1 lamp2 lamp3 myThingName plasma tv1 tv2'],
  ['thingName:(tv* AND -tv1)', 'tv2'],
  ['thingName:abc thingType:xyz', ''],
  ['batterylevel > 50', ''],
  ['thingName:Non-existent*', ''],
  // AWS: Indexing location data.
  ['shadow.reported.location:geo_distance,47.6204,-122.3491,15.5km', 'lamp3'],
  ['attributes.place:geo_distance,47.6204,-122.3491,15.5km', 'myThingName'],
  ['attributes.place:geo_distance,47.6204,-122.3491,1km', ''],
  ['attributes.place:geo_distance,47.6204,-122.3491,20000m', 'myThingName'],
  ['attributes.place:geo_distance,47.6204,-122.3491,9mi', 'myThingName'],
  ['attributes.place:geo_distance,47.6204,-122.3491,8mi', ''],
  ['shadow.reported.location:geo_bounding_box,48,-123,47,-122', 'lamp3'],
  ['attributes.place:geo_bounding_box,47.65,-123,47,-122', ''],
  ['attributes.place:geo_bounding_box,48,170,47,-122.1', 'myThingName'],
  ['attributes.place:geo_bounding_box,48,-122.1,47,170', ''],
  ['NOT shadow.reported.location:geo_distance,47.6204,-122.3491,15.5km AND thingName:lamp*', 'lamp1 lamp2'],
  // Words and case.
  ['thingName:LAMP1', 'lamp1'],
  ['THINGNAME:lamp1', ''],
  ['attributes.model:LEGACY', 'lamp1'],
  ['thingTypeName:lightbulb', 'lamp1 lamp2'],
  ['thingTypeName:LightBulb', 'lamp1 lamp2'],
  ['attributes.Model:legacy', ''],
  ['shadow.reported.location:york', 'lamp1 lamp2'],
  ['shadow.reported.location:new', 'lamp1'],
  ['shadow.reported.location:"new york"', 'lamp1'],
  ['shadow.reported.location:"New York"', 'lamp1'],
  ['shadow.reported.location:"york new"', ''],
  ['shadow.reported.location:new\\ york', 'lamp1'],
  ['shadow.reported.location:n*\\ y?rk', 'lamp1'],
  ['shadow.reported.words:"a b c"', 'plasma'],
  ['shadow.reported.words:"b c"', 'plasma'],
  ['shadow.reported.words:"a c"', ''],
  ['shadow.reported.words:b', 'plasma'],
  ['shadow.reported.colors:red', 'lamp2'],
  ['shadow.reported.colors:"red green"', ''],
  ['shadow.reported.firmware:v?', 'lamp1 lamp3'],
  ['attributes.empty:x\\-y', 'myThingName'],
  ['attributes.empty:x-y', 'myThingName'],
  ['attributes.attr1:a\\*c', 'myThingName'],
  ['attributes.attr1:"a*c"', 'myThingName'],
  ['attributes.attr1:a*c', 'lamp1 lamp2 lamp3 myThingName'],
  ['attributes.path:"a/b:c"', 'myThingName'],
  ['attributes.path:a\\/b\\:c', 'myThingName'],
  ['attributes.path:a?b?c', 'myThingName'],
  // Numbers.
  ['attributes.watts:80', 'lamp2'],
  ['attributes.watts:80.0', 'lamp2'],
  ['attributes.watts:8e1', 'lamp2'],
  ['attributes.watts:"80"', 'lamp2'],
  ['attributes.watts:"80.0"', ''],
  ['attributes.numbers:100', 'tv2'],
  ['attributes.numbers:1e2', 'tv2'],
  ['attributes.watts>80', 'lamp3'],
  ['attributes.watts>=80', 'lamp2 lamp3'],
  ['attributes.watts<80', 'lamp1'],
  ['attributes.watts<=80', 'lamp1 lamp2'],
  ['attributes.watts:>80', 'lamp3'],
  ['attributes.watts:<=75', 'lamp1'],
  ['attributes.watts:[75 TO 81.5}', 'lamp1 lamp2'],
  ['attributes.watts:{75 TO 81.5}', 'lamp2'],
  ['attributes.watts:[80 TO *]', 'lamp2 lamp3'],
  ['attributes.watts:[* TO 80}', 'lamp1'],
  ['attributes.watts:[* TO *]', 'lamp1 lamp2 lamp3 plasma'],
  ['attributes.watts:[80 TO 75]', ''],
  ['attributes.attr2:-4.5', 'lamp3'],
  ['attributes.attr2<0', 'lamp3'],
  ['attributes.attr2:[-5 TO -4]', 'lamp3'],
  ['attributes.attr2>-5 attributes.attr2<5', 'lamp1 lamp3'],
  ['attributes.attr2:(>-5 AND <5)', 'lamp1 lamp3'],
  ['shadow.reported.stats.battery:78', 'lamp1'],
  ['shadow.reported.stats.battery:70.5', 'lamp3'],
  ['shadow.reported.stats.battery:7*', 'lamp1 lamp3'],
  ['shadow.reported.myvalues>3', 'lamp2'],
  ['shadow.reported.myvalues:[2 TO 3]', 'lamp1'],
  ['connectivity.version:9', 'lamp2'],
  ['connectivity.timestamp<1557700000000', 'tv2'],
  ['78', 'lamp1'],
  // Text in order.
  ['attributes.watts>a', 'plasma'],
  ['attributes.attr2:[a TO z]', 'myThingName'],
  ['attributes.serial:{"abcd" TO "abcf"}', 'lamp2'],
  ['attributes.serial:[abcd TO abce]', 'lamp1 lamp2'],
  ['attributes.serial>=abce', 'lamp2 lamp3'],
  ['attributes.serial:["ABCD" TO "ABCE"]', 'lamp1 lamp2'],
  ['attributes.watts:["75" TO "80"]', 'lamp1 lamp2'],
  ['attributes.watts:["8" TO "9"]', 'lamp2 lamp3'],
  // Booleans.
  ['attributes.smart:true', 'lamp1'],
  ['shadow.reported.on:true', 'lamp1 lamp2'],
  ['shadow.reported.on:TRUE', 'lamp1 lamp2'],
  ['shadow.reported.on:false', 'lamp3'],
  ['shadow.delta.on:false', 'lamp1'],
  ['-shadow.reported.on:true AND shadow.reported.on:*', 'lamp3'],
  // What is there.
  ['attributes.watts:*', 'lamp1 lamp2 lamp3 plasma'],
  ['attributes.dotted.name:1', 'tv1'],
  ['attributes.dotted:*', 'tv1'],
  ['attributes:*', 'lamp1 lamp2 lamp3 myThingName plasma tv1 tv2'],
  ['shadow:*', 'lamp1 lamp2 lamp3 plasma'],
  ['shadow.reported.stats:*', 'lamp1 lamp2 lamp3'],
  ['shadow.reported.stat:*', ''],
  ['shadow.name.config:*', 'lamp2'],
  ['billingGroupName:home', 'lamp1 myThingName'],
  ['billingGroupName:kitchen', ''],
  ['thingGroupNames:*', 'lamp1 lamp2 myThingName'],
  ['NOT thingGroupNames:*', 'lamp3 plasma tv1 tv2'],
  ['registry.thingTypeName:aa', 'myThingName'],
  ['thingId:id-of-tv1', 'tv1'],
  ['shadow.metadata.reported.on.timestamp:1557000000', 'lamp1'],
  ['registry.version:3', ''],
  ['shadow.version:10', ''],
  ['shadow.name.config.version:1', ''],
  ['NOT shadow:*', 'myThingName tv1 tv2'],
  // Terms without a field.
  ['kitchen', 'lamp1 lamp2'],
  ['v3', 'lamp3'],
  ['tungsten', 'lamp2'],
  ['v*', 'lamp1 lamp2 lamp3'],
  ['*disconnects', 'lamp3'],
  ['CONNECTION_LOST', ''],
  ['"new york"', 'lamp1'],
  ['new york', 'lamp1'],
  ['york NOT new', 'lamp2'],
  ['10', ''],
  // What binds how.
  ['thingName:tv1 OR thingName:tv2', 'tv1 tv2'],
  ['thingName:tv1 OR thingName:tv2 AND attributes.numbers:*', 'tv1 tv2'],
  ['thingName:tv2 AND attributes.note:* OR thingName:tv1', 'tv1'],
  ['(thingName:tv1 OR thingName:tv2) AND attributes.numbers:*', 'tv2'],
  ['thingName:tv1 OR thingName:tv2 attributes.numbers:*', 'tv1 tv2'],
  ['NOT thingName:tv1 AND thingName:tv*', 'tv2'],
  ['NOT (thingName:tv* OR thingName:lamp*)', 'myThingName plasma'],
  ['NOT NOT thingName:tv1', 'tv1'],
  ['--thingName:tv1', 'tv1'],
  ['thingName:tv* AND NOT attributes.note:one', 'tv2'],
  ['thingName:* AND -attributes.smart:true', 'lamp2 lamp3 myThingName plasma tv1 tv2'],
  ['thingName:* -connectivity.connected:true', 'lamp2 lamp3 myThingName plasma tv1'],
  ['thingName:(lamp1 OR lamp3)', 'lamp1 lamp3'],
  ['thingName:(lamp* NOT (lamp1 OR lamp3))', 'lamp2'],
  ['thingName:(NOT lamp* AND NOT tv*)', 'myThingName plasma'],
  ['attributes.watts:([75 TO 80] OR many)', 'lamp1 lamp2 plasma'],
  ['thingGroupNames:(kitchen upstairs)', 'lamp1'],
  ['thingGroupNames:(kitchen AND -upstairs)', 'lamp2'],
  ['  thingName : tv1  ', 'tv1'],
  ['thingName:tv1\tOR\nthingName:tv2', 'tv1 tv2'],
  ['(((thingName:tv1)))', 'tv1'],
  ['order OR android OR nothing', ''],
  ['"AND" OR "OR" OR thingName:tv1', 'tv1'],
];
