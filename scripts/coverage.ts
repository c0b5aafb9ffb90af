/**
 * Writes `docs/reference/coverage.md`: what thingd does with every operation of AWS's three IoT services, read from the
 * handlers themselves, and the test that shows it.
 *
 *   node --conditions=@thingd/source scripts/coverage.ts           writes the page
 *   node --conditions=@thingd/source scripts/coverage.ts --check   exits 1 when the page is not what it would write
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { operations, storedOnly } from '@thingd/api';
import { iotModel } from '../packages/api/src/generated/iot.model.ts';
import { jobsdataModel } from '../packages/api/src/generated/iot-jobs-data.model.ts';
import { iotdataModel } from '../packages/api/src/generated/iotdata.model.ts';
import type { ServiceName } from '../packages/api/src/protocol/model.ts';
import { actionRunners } from '../packages/thingd/src/rules/actions/index.ts';

interface Operation {
  readonly service: ServiceName;
  readonly name: string;
}

interface Row extends Operation {
  readonly state: 'enforced' | 'stored only' | 'not yet';
  readonly remark: string;
  readonly test: string | undefined;
}

/** Areas of the control plane in the order of the page; an operation belongs to the first whose pattern its name fits. */
const areas: readonly (readonly [title: string, pattern: RegExp])[] = [
  ['Tags', /^(TagResource|UntagResource|ListTagsForResource)$/],
  ['Billing groups', /BillingGroup/],
  ['Bulk registration', /ThingRegistrationTask|^RegisterThing$/],
  ['Fleet provisioning', /Provisioning(Template|Claim)/],
  ['Thing types', /ThingType/],
  ['Device Defender: audit', /Audit|Mitigation/],
  ['Device Defender: detect', /SecurityProfile|Detect|Violation|CustomMetric|Dimension|MetricValues|BehaviorModel/],
  ['Thing groups', /ThingGroup/],
  ['Fleet indexing and search', /Index|Indices|FleetMetric|BucketsAggregation|Cardinality|Percentiles|Statistics/],
  ['Software packages', /Package|Sbom/],
  ['Commands', /Command/],
  ['OTA updates and streams', /OTAUpdate|Stream/],
  ['Jobs', /Job/],
  ['Rules and destinations', /TopicRule/],
  ['Logging', /Logging/],
  ['Event configurations', /EventConfigurations/],
  ['Encryption', /EncryptionConfiguration/],
  ['Domain configurations', /DomainConfiguration/],
  ['Role aliases', /RoleAlias/],
  ['Custom authorizers', /Authorizer|TestAuthorization/],
  ['Policies', /Polic(y|ies)/],
  ['Certificates', /Certificate|RegistrationCode/],
  ['Things, principals and endpoints', /./],
];

const planes: readonly (readonly [title: string, service: ServiceName])[] = [
  ['Data plane (`iotdata`)', 'iotdata'],
  ['Jobs data plane (`iot-jobs-data`)', 'jobsdata'],
];

const models = { iot: iotModel, iotdata: iotdataModel, jobsdata: jobsdataModel };
const root = join(import.meta.dirname, '..');
const page = join(root, 'docs/reference/coverage.md');

/** A service of which every member is again one: enough to learn which handlers there are. */
const anything: never = new Proxy(() => anything, { get: () => anything }) as never;

function rows(): Row[] {
  const handlers = operations(anything);
  const tests = testFiles();
  return (['iot', 'iotdata', 'jobsdata'] as const).flatMap(service =>
    Object.keys(models[service].operations).map(name => {
      const stored = (storedOnly[service] as Readonly<Record<string, 'operation' | readonly string[] | undefined>>)[
        name
      ];
      const exists = Object.hasOwn(handlers[service], name);
      const state = !exists ? 'not yet' : stored === 'operation' ? 'stored only' : 'enforced';
      const remark =
        exists && Array.isArray(stored) ? `stored only: ${stored.map(member => `\`${member}\``).join(', ')}` : '';
      return { service, name, state, remark, test: exists ? testOf(name, tests) : undefined } satisfies Row;
    }),
  );
}

interface TestFile {
  readonly path: string;
  readonly text: string;
}

/** Front-door tests first: they show more than a unit test does. Those that try every operation show none in particular. */
function testFiles(): TestFile[] {
  const general = /^packages\/api\/src\/(authorization\/|protocol\/|round-trip|boto3|server)/;
  return ['tests', 'packages']
    .flatMap(folder => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
    .filter(entry => entry.isFile())
    .map(entry => relative(root, join(entry.parentPath, entry.name)))
    .filter(
      path =>
        /^packages\/(api|thingd)\/src\/.*\.test\.ts$|^tests\/.*(\.test\.ts|\.py)$/.test(path) && !general.test(path),
    )
    .sort((a, b) => Number(b.startsWith('tests/')) - Number(a.startsWith('tests/')) || (a < b ? -1 : 1))
    .map(path => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

/** The first test that calls the operation, by the name an SDK, the command line or Python gives it. */
function testOf(name: string, tests: readonly TestFile[]): string | undefined {
  const words = name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(' ');
  const camel = name.charAt(0).toLowerCase() + name.slice(1);
  const names = [name, `${name}Command`, camel, words.join('-'), words.join('_')];
  const pattern = new RegExp(`(?<![\\w-])(${names.join('|')})(?![\\w-])`);
  return tests.find(({ text }) => pattern.test(text))?.path;
}

const areaOf = (name: string): string => areas.find(([, pattern]) => pattern.test(name))![0];

function render(all: readonly Row[]): string {
  const sections = [
    ...areas
      .map(([title]) => [title, all.filter(row => row.service === 'iot' && areaOf(row.name) === title)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
    ...planes.map(([title, service]) => [title, all.filter(row => row.service === service)] as const),
  ];
  const count = (rows: readonly Row[], state: Row['state']): number => rows.filter(row => row.state === state).length;
  const summary = sections.map(
    ([title, rows]) =>
      `| ${title} | ${rows.length} | ${count(rows, 'enforced')} | ${count(rows, 'stored only')} | ${count(rows, 'not yet')} |\n`,
  );
  return `# Coverage of AWS's API

*Generated by \`scripts/coverage.ts\` from the handlers; do not edit.*

- **enforced**: the operation does what AWS documents.
- **stored only**: it is accepted and kept, and nothing acts on it; the answer says so in the header \`x-thingd-warning\`.
- **not yet**: it answers \`NotImplementedException\` (501) and names itself.

| area | operations | enforced | stored only | not yet |
|--|--:|--:|--:|--:|
${summary.join('')}| **all** | ${all.length} | ${count(all, 'enforced')} | ${count(all, 'stored only')} | ${count(all, 'not yet')} |

${sections.map(([title, rows]) => `## ${title}\n\n${table(rows)}`).join('\n')}
## Rule actions

A rule with an action that does not run is refused with \`NotImplementedException\`.

${actionTable()}`;
}

function actionTable(): string {
  const runners = actionRunners(anything);
  const kinds = Object.keys((iotModel.shapes.Action as { readonly members: object }).members).sort();
  const rows = kinds.map(kind => `| \`${kind}\` | ${Object.hasOwn(runners, kind) ? 'runs' : 'not yet'} |\n`);
  return `| action | state |\n|--|--|\n${rows.join('')}`;
}

const table = (rows: readonly Row[]): string =>
  `| operation | state | shown by |\n|--|--|--|\n${rows
    .map(({ name, state, remark, test }) => {
      const shown = test ? `[${test}](../../${test})` : '';
      return `| \`${name}\` | ${remark ? `${state}; ${remark}` : state} | ${shown} |\n`;
    })
    .join('')}`;

const text = render(rows());
if (process.argv.includes('--check')) {
  if (readFileSync(page, 'utf8') !== text) {
    console.error('docs/reference/coverage.md is stale: run node --conditions=@thingd/source scripts/coverage.ts');
    process.exitCode = 1;
  }
} else writeFileSync(page, text);
