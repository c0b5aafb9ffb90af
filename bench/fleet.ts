/** A fleet to search in, and what is asked of it: for the benches of searching. */
import { type FleetIndexing, type Realm, realmKey, type Store, type Write } from '@thingd/core';
import { spelled } from '../packages/core/src/store/hand-written.ts';

export const realm: Realm = { accountId: '123456789012', region: 'us-east-1' };
const key = realmKey(realm);

export const queries = [
  'thingName:device-077777',
  'thingName:device-0777*',
  'attributes.serial:SN-0012345',
  'attributes.serial:*2345',
  'shadow.reported.stats.battery<1 AND connectivity.connected:false',
  'attributes.model:m7 AND shadow.reported.firmware:1.4.2 AND connectivity.connected:true',
  'shadow.reported.room:kitchen OR attributes.serial:SN-0000007',
  'thingName:* AND -connectivity.connected:true',
  'thingGroupNames:site-9 NOT attributes.model:m7',
  'shadow.hasDelta:true',
  'SN-0012345',
  'shadow.reported.room:"living room" AND attributes.model:m3',
  'connectivity.connected:true AND connectivity.timestamp>1700000099000',
  '*',
];

export const aggregations = [
  ['statistics', '*', 'shadow.reported.stats.battery'],
  ['statistics', 'connectivity.connected:true', 'shadow.reported.stats.battery'],
  ['percentiles', '*', 'shadow.reported.stats.battery'],
  ['percentiles', 'attributes.model:m7', 'shadow.reported.stats.battery'],
  ['cardinality', '*', 'attributes.model'],
  ['buckets', '*', 'attributes.model'],
  ['buckets', 'connectivity.connected:true AND shadow.reported.stats.battery<20', 'attributes.model'],
] as const;

/** A fleet as it might be, written straight into the registry's tables. */
export async function fillFleet(store: Store, size: number): Promise<void> {
  const insert = (table: string, columns: string, count: number) =>
    spelled(
      store,
      `insert into ${table} (realm, ${columns}) values (${Array(count + 1)
        .fill('?')
        .join(', ')})`,
    );
  const groups = Array.from({ length: 50 }, (_, n) => ({
    sql: insert('thing_group', 'thing_group_name, thing_group_id, attributes, version, created_at', 5),
    parameters: [key, `site-${n}`, `group-${n}`, '{}', 1, 0],
  }));
  await store.commit(groups);
  for (let start = 0; start < size; start += 500) {
    const writes: Write[] = [];
    for (let n = start; n < Math.min(start + 500, size); n++) {
      const name = `device-${String(n).padStart(6, '0')}`;
      const attributes = {
        model: `m${n % 20}`,
        serial: `SN-${String(n).padStart(7, '0')}`,
        country: ['jp', 'de', 'us'][n % 3],
      };
      const stats = { battery: ((n * 7919) % 1000) / 10, rssi: -30 - (n % 60) };
      const rooms = ['kitchen', 'living room', 'hall', 'bath', 'study'];
      const reported = {
        on: n % 2 === 0,
        firmware: `1.${n % 5}.${n % 7}`,
        room: n % 1000 < 3 ? rooms[n % 5] : rooms[1 + (n % 4)],
        stats,
      };
      const desired = { on: n % 10 === 0, stats: { battery: stats.battery } };
      const stamp = { timestamp: 1_700_000_000 };
      const metadata = { on: stamp, firmware: stamp, room: stamp, stats: { battery: stamp, rssi: stamp } };
      writes.push(
        {
          sql: insert('thing', 'thing_name, thing_id, attributes, version, membership_version, created_at', 6),
          parameters: [key, name, `id-${n}`, JSON.stringify(attributes), 1 + (n % 4), 0, 0],
        },
        {
          sql: insert('thing_group_member', 'thing_group_name, thing_name, added_at', 3),
          parameters: [key, `site-${n % 50}`, name, 0],
        },
        {
          sql: insert(
            'shadow',
            'thing_name, shadow_name, version, desired, reported, desired_metadata, reported_metadata, updated_at',
            8,
          ),
          parameters: [
            ...[key, name, '', 3, JSON.stringify(desired), JSON.stringify(reported)],
            ...[JSON.stringify({ on: stamp, stats: { battery: stamp } }), JSON.stringify(metadata), 0],
          ],
        },
        {
          sql: insert(
            'thing_connectivity',
            'thing_name, connected, timestamp, disconnect_reason, version, fades_at',
            6,
          ),
          parameters: [
            key,
            name,
            n % 3 === 0 ? 0 : 1,
            1_700_000_000_000 + n,
            n % 3 === 0 ? 'CONNECTION_LOST' : null,
            1,
            n % 3 === 0 ? Number.MAX_SAFE_INTEGER : null,
          ],
        },
      );
    }
    await store.commit(writes);
  }
}

export async function buildIndex(indexing: FleetIndexing): Promise<void> {
  await indexing.updateConfiguration(realm, {
    things: {
      thingIndexingMode: 'REGISTRY_AND_SHADOW',
      thingConnectivityIndexingMode: 'STATUS',
      customFields: [
        { name: 'shadow.reported.stats.battery', type: 'Number' },
        { name: 'attributes.model', type: 'String' },
      ],
    },
  });
  await indexing.settled();
}
