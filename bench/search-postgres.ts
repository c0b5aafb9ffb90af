/**
 * The same fleet and the same questions as in search.ts on PostgreSQL, with what its planner makes of each: fails where a query that finds
 * little reads a whole table. `node --conditions=@thingd/source bench/search-postgres.ts [things]`.
 */
import { cpus, loadavg } from 'node:os';
import {
  Changes,
  FleetIndexing,
  Indexer,
  type IndexReader,
  migrate,
  parseQuery,
  realmKey,
  schema,
  systemClock,
} from '@thingd/core';
import { readIndex } from '../packages/core/src/indexing/index-store.ts';
import { searchDocuments } from '../packages/core/src/indexing/search.ts';
import { Postgres } from '../tests/harness/postgres.ts';
import { aggregations, buildIndex, fillFleet, queries, realm } from './fleet.ts';
import { median } from './table.ts';

const size = Number(process.argv[2] ?? 100_000);
const rounds = 5;

/** Of these a page is full before many have been looked at: to go through the documents by name is the plan. */
const unselective = new Set(['thingName:* AND -connectivity.connected:true', 'shadow.hasDelta:true', '*']);

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly Plans?: readonly Plan[];
}

/** How each table is read: `search_term_by_word`, or `all of search_term`. The few rows that name the fields are not counted. */
function readsOf(plan: Plan): string[] {
  const own =
    plan['Node Type'] === 'Seq Scan'
      ? [`all of ${plan['Relation Name']}`]
      : [plan['Index Name']].filter(name => name !== undefined);
  return [...own, ...(plan.Plans ?? []).flatMap(readsOf)];
}

const store = await Postgres.start();
let failed = false;
try {
  await migrate(store, schema);
  const thrown = (error: unknown) => console.error(error);
  const domain = { store, clock: systemClock, changes: new Changes() };
  const indexing = new FleetIndexing(domain, new Indexer(domain, { failed: thrown }), { failed: thrown });
  await fillFleet(store, size);
  const start = performance.now();
  await buildIndex(indexing);
  const built = performance.now() - start;
  await store.all({ sql: 'analyze', parameters: [] });
  const cpu = cpus();
  const load = loadavg()[0]?.toFixed(2);
  console.log(`${cpu.length} × ${cpu[0]?.model}, Node ${process.versions.node}, PostgreSQL, load ${load}`);
  console.log(
    `${size} things indexed in ${(built / 1000).toFixed(1)} s, ${Math.round((built / size) * 1000)} µs each\n`,
  );
  console.log('| query | first page, ms median (max) | reads |\n| -- | --: | -- |');
  const index = await readIndex(store, realmKey(realm), 'AWS_Things');
  if (index === undefined) throw new Error('there is no index');
  for (const queryString of queries) {
    const parsed = parseQuery(queryString);
    const times = await timed(() => searchDocuments(store, index, parsed, { maxResults: 100 }));
    const reads = new Set<string>();
    // The last statement is the search; those before it count where to begin.
    const explained: IndexReader = {
      dialect: store.dialect,
      all: async query => {
        const rows = await store.all<{ 'QUERY PLAN': readonly { Plan: Plan }[] }>({
          sql: `explain (format json) ${query.sql}`,
          parameters: query.parameters,
        });
        for (const name of readsOf(rows[0]!['QUERY PLAN'][0]!.Plan)) if (!/search_field/.test(name)) reads.add(name);
        return store.all(query);
      },
    };
    await searchDocuments(explained, index, parsed, { maxResults: 100 });
    const whole = [...reads].filter(name => name.startsWith('all of'));
    if (whole.length > 0 && !unselective.has(queryString)) failed = true;
    console.log(`| \`${queryString}\` | ${times} | ${[...reads].sort().join(', ')} |`);
  }
  console.log('\n| aggregation | query | field | ms median (max) |\n| -- | -- | -- | --: |');
  for (const [kind, queryString, aggregationField] of aggregations) {
    const times = await timed(() => indexing[kind](realm, { queryString, aggregationField }));
    console.log(`| ${kind} | \`${queryString}\` | ${aggregationField} | ${times} |`);
  }
} finally {
  await store.close();
}
console.log(
  failed ? '\nMISSED: a query that finds little reads a whole table' : '\nholds: what finds little goes by indexes',
);
process.exitCode = failed ? 1 : 0;

async function timed(work: () => Promise<unknown>): Promise<string> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  return `${median(times).toFixed(1)} (${Math.max(...times).toFixed(1)})`;
}
