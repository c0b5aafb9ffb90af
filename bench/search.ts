/**
 * Searching and aggregating a fleet by its index, beside going through every document; and what keeping the index costs those who
 * write: `node --conditions=@thingd/source bench/search.ts [things]`.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Changes,
  FleetIndexing,
  type IndexDocument,
  Indexer,
  matches,
  migrate,
  parseQuery,
  type Realm,
  realmKey,
  schema,
  systemClock,
  Things,
  type Write,
} from '@thingd/core';
import { StoreThread } from '../packages/thingd/src/store/index.ts';
import { median } from './table.ts';

const realm: Realm = { accountId: '123456789012', region: 'us-east-1' };
const key = realmKey(realm);
const size = Number(process.argv[2] ?? 100_000);
const rounds = 5;

const queries = [
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

const aggregations = [
  ['statistics', '*', 'shadow.reported.stats.battery'],
  ['statistics', 'connectivity.connected:true', 'shadow.reported.stats.battery'],
  ['percentiles', '*', 'shadow.reported.stats.battery'],
  ['percentiles', 'attributes.model:m7', 'shadow.reported.stats.battery'],
  ['cardinality', '*', 'attributes.model'],
  ['buckets', '*', 'attributes.model'],
  ['buckets', 'connectivity.connected:true AND shadow.reported.stats.battery<20', 'attributes.model'],
] as const;

const directory = mkdtempSync(join(tmpdir(), 'thingd-bench-'));
const store = await StoreThread.open({ path: join(directory, 'thingd.db'), durability: 'full' });
try {
  await migrate(store, schema);
  const domain = { store, clock: systemClock, changes: new Changes() };
  const failed = (error: unknown) => console.error(error);
  const indexer = new Indexer(domain, { failed });
  const indexing = new FleetIndexing(domain, indexer, { failed });
  await fill();
  const cpu = cpus();
  console.log(`${cpu.length} × ${cpu[0]?.model}, Node ${process.versions.node}, load ${loadavg()[0]?.toFixed(2)}`);
  const before = statSync(join(directory, 'thingd.db')).size;
  const built = await seconds(() => buildIndex(indexing));
  const bytes = statSync(join(directory, 'thingd.db')).size - before;
  console.log(
    `${size} things indexed in ${built.toFixed(1)} s, ${Math.round((built / size) * 1e6)} µs and ${Math.round(bytes / size)} bytes each\n`,
  );
  await measureQueries(indexing);
  await measureAggregations(indexing);
  await measureWrites(domain, indexer);
} finally {
  await store.close();
  rmSync(directory, { recursive: true, force: true });
}

/** A fleet as it might be, written straight into the registry's tables. */
async function fill(): Promise<void> {
  const insert = (table: string, columns: string, count: number) =>
    `insert into ${table} (realm, ${columns}) values (${Array(count + 1)
      .fill('?')
      .join(', ')})`;
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
          sql: insert('thing_connectivity', 'thing_name, connected, timestamp, disconnect_reason, version', 5),
          parameters: [
            key,
            name,
            n % 3 === 0 ? 0 : 1,
            1_700_000_000_000 + n,
            n % 3 === 0 ? 'CONNECTION_LOST' : null,
            1,
          ],
        },
      );
    }
    await store.commit(writes);
  }
}

async function buildIndex(indexing: FleetIndexing): Promise<void> {
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

/** Every document read and asked, as without an index. */
async function scan(queryString: string): Promise<string[]> {
  const query = parseQuery(queryString);
  const found: string[] = [];
  for (let after = ''; ; ) {
    const rows = await store.all<{ name: string; document: string }>({
      sql: 'select name, document from search_document where name > ? order by name limit 1000',
      parameters: [after],
    });
    for (const { name, document } of rows) {
      if (matches(query, JSON.parse(document) as IndexDocument)) found.push(name);
    }
    const last = rows.at(-1);
    if (last === undefined) return found;
    after = last.name;
  }
}

async function measureQueries(indexing: FleetIndexing): Promise<void> {
  console.log('| query | things found | first page, ms median (max) | naive scan, ms |\n| -- | --: | --: | --: |');
  for (const queryString of queries) {
    const times: number[] = [];
    let page: readonly IndexDocument[] = [];
    for (let round = 0; round < rounds; round++) {
      times.push(
        (await seconds(async () => {
          page = (await indexing.search(realm, { queryString, maxResults: 100 })).items;
        })) * 1000,
      );
    }
    let found: string[] = [];
    const naive = await seconds(async () => {
      found = await scan(queryString);
    });
    const names = page.map(document => (document.kind === 'thing' ? document.thingName : ''));
    if (names.join() !== found.slice(0, 100).join()) throw new Error(`${queryString}: the index and the scan disagree`);
    console.log(
      `| \`${queryString}\` | ${found.length} | ${median(times).toFixed(1)} (${Math.max(...times).toFixed(1)}) | ${(naive * 1000).toFixed(0)} |`,
    );
  }
}

async function measureAggregations(indexing: FleetIndexing): Promise<void> {
  console.log('\n| aggregation | query | field | ms median (max) |\n| -- | -- | -- | --: |');
  for (const [kind, queryString, aggregationField] of aggregations) {
    const times: number[] = [];
    for (let round = 0; round < rounds; round++) {
      times.push(
        (await seconds(async () => void (await indexing[kind](realm, { queryString, aggregationField })))) * 1000,
      );
    }
    console.log(
      `| ${kind} | \`${queryString}\` | ${aggregationField} | ${median(times).toFixed(0)} (${Math.max(...times).toFixed(0)}) |`,
    );
  }
}

/** Updates of things, eight at a time, by themselves and with the index following; in turns. */
async function measureWrites(domain: ConstructorParameters<typeof Things>[0], indexer: Indexer): Promise<void> {
  const plain = new Things({ ...domain, changes: new Changes() });
  const indexed = new Things(domain);
  const rates: Record<string, number[]> = { 'not indexed': [], indexed: [] };
  const lags: number[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const [name, things] of [
      ['not indexed', plain],
      ['indexed', indexed],
    ] as const) {
      let following = name === 'indexed';
      const follow = (async () => {
        while (following) {
          const pause = new Promise(resolve => setTimeout(resolve, 25));
          lags.push((await seconds(() => indexer.flush())) * 1000);
          await pause;
        }
      })();
      const writes = 2000;
      const taken = await seconds(() => update(things, writes, round));
      following = false;
      await follow;
      await indexer.flush();
      rates[name]?.push(writes / taken);
    }
  }
  console.log('\n| writes of things | per second, median (min–max) |\n| -- | --: |');
  for (const [name, values] of Object.entries(rates)) {
    console.log(
      `| ${name} | ${median(values).toFixed(0)} (${Math.min(...values).toFixed(0)}–${Math.max(...values).toFixed(0)}) |`,
    );
  }
  console.log(
    `\none round of the index: ${median(lags).toFixed(0)} ms median, ${Math.max(...lags).toFixed(0)} ms at most`,
  );
}

async function update(things: Things, writes: number, round: number): Promise<void> {
  let next = 0;
  const writer = async () => {
    while (next < writes) {
      const n = (next++ * 37) % size;
      const thingName = `device-${String(n).padStart(6, '0')}`;
      await things.update(realm, {
        thingName,
        attributePayload: { attributes: { country: `c${round}` }, merge: true },
      });
    }
  };
  await Promise.all(Array.from({ length: 8 }, writer));
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}
