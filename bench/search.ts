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
  schema,
  systemClock,
  Things,
} from '@thingd/core';
import { StoreThread } from '../packages/thingd/src/store/index.ts';
import { aggregations, buildIndex, fillFleet, queries, realm } from './fleet.ts';
import { median } from './table.ts';

const size = Number(process.argv[2] ?? 100_000);
const rounds = 5;

const directory = mkdtempSync(join(tmpdir(), 'thingd-bench-'));
const store = await StoreThread.open({ path: join(directory, 'thingd.db'), durability: 'full' });
try {
  await migrate(store, schema);
  const domain = { store, clock: systemClock, changes: new Changes() };
  const failed = (error: unknown) => console.error(error);
  const indexer = new Indexer(domain, { failed });
  const indexing = new FleetIndexing(domain, indexer, { failed });
  await fillFleet(store, size);
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
