/** `thingd rules …`: rules tried without a broker, and what those at work have done. */
import type { ActionTrace, Trace } from '@thingd/core';
import { type Command, Option } from 'commander';
import pc from 'picocolors';
import { type CaseResult, readCases, runCase, type TracesAnswer, tryRule, type Verdict } from '../rules/index.ts';
import { call, follow } from './call.ts';
import type { Installation } from './installation.ts';
import type { Targeting } from './shadow.ts';

interface TestFlags {
  readonly sql?: string;
  readonly sqlVersion: string;
  readonly topic?: string;
  readonly payload?: string;
  readonly clientId?: string;
  readonly cases?: string;
  readonly json?: true;
}

const print = (text: string): boolean => process.stdout.write(`${text}\n`);

export function addRules(program: Command, targeting: Targeting): void {
  const group = program.command('rules').description('try rules, and see what those at work did');
  group
    .command('test')
    .description('evaluate a statement on a message, or on a file of cases with what is expected of them')
    .option('--sql <statement>', 'such as "SELECT t FROM \'rooms/+\' WHERE t > 20"')
    .option('--topic <topic>', 'the topic of the message')
    .option('--payload <text>', 'the payload of the message')
    .option('--client-id <id>', 'what clientid() answers')
    .addOption(
      new Option('--sql-version <version>', 'of the language')
        .choices(['2015-10-08', '2016-03-23', 'beta'])
        .default('2016-03-23'),
    )
    .option(
      '--cases <file>',
      'JSON: [{"name", "sql", "topic", "payload", "expect"}], `expect` null for what must not pass',
    )
    .option('--json', 'answer as JSON')
    .addHelpText('after', '\nExits with 0 if the message passes, or every case is as expected, with 1 if not.')
    .action(async (flags: TestFlags, command: Command) => {
      const { sql, topic, payload, clientId, sqlVersion, cases, json } = flags;
      if (cases !== undefined) return runCases(cases, sqlVersion, json === true);
      if (sql === undefined || topic === undefined || payload === undefined) {
        return command.error('error: either --cases, or --sql, --topic and --payload are needed');
      }
      const verdict = await tryRule({ sql, awsIotSqlVersion: sqlVersion, topic, payload, clientId });
      print(json ? JSON.stringify(verdict, null, 2) : formatVerdict(verdict));
      if (!verdict.passed) process.exitCode = 1;
    });
  targeting
    .add(group.command('traces'))
    .description('print what a rule did with its last messages, the newest last')
    .argument('<rule>')
    .option('--json', 'answer as JSON')
    .option('--follow', 'go on with each message as it comes, once its actions have ended')
    .action(async (rule: string, { json, follow: follows, ...flags }: { json?: true; follow?: true }) => {
      const path = `/thingd/v1/rules/${encodeURIComponent(rule)}/traces`;
      const installation = await targeting.find(flags);
      if (follows) return followTraces(installation, `${path}/live`, json === true);
      const { traces } = await call<TracesAnswer>(installation, 'GET', path);
      print(json ? JSON.stringify(traces, null, 2) : formatTraces(traces));
    });
}

/** With `--json` every state of a trace, a line each; for people the last one alone. */
async function followTraces(installation: Installation, path: string, json: boolean): Promise<void> {
  for await (const trace of follow<Trace>(installation, path)) {
    if (json) print(JSON.stringify(trace));
    else if (hasEnded(trace)) print(formatTrace(trace));
  }
}

const hasEnded = ({ actions }: Trace): boolean =>
  actions.every(({ state }) => state === 'succeeded' || state === 'failed');

async function runCases(path: string, awsIotSqlVersion: string, json: boolean): Promise<void> {
  const results: CaseResult[] = [];
  for (const [index, given] of readCases(path).entries()) {
    results.push(await runCase({ awsIotSqlVersion, ...given }, index));
  }
  print(json ? JSON.stringify(results, null, 2) : results.map(formatCase).join('\n'));
  if (results.some(({ ok }) => !ok)) process.exitCode = 1;
}

function formatCase({ name, ok, expected, actual }: CaseResult): string {
  if (ok) return `${pc.green('✓')} ${name}`;
  return `${pc.red('✗')} ${name}\n    expected ${expected}\n    actual   ${actual}`;
}

function formatVerdict({ selected, passed, output, where, variables }: Verdict): string {
  const lines = Object.entries(variables).map(([name, value]) => `${pc.dim(`@${name}`)} ${value}`);
  if (!selected) return pc.red('FROM does not select the topic');
  lines.push(`${pc.dim('WHERE')} ${where}`);
  lines.push(passed ? `${pc.dim('SELECT')} ${output}` : pc.red('does not pass'));
  return lines.join('\n');
}

export function formatTraces(traces: readonly Trace[]): string {
  if (traces.length === 0) return pc.dim('the rule has seen no message since thingd started');
  return traces.toReversed().map(formatTrace).join('\n');
}

function formatTrace({ at, topic, payload, passed, where, output, error, actions }: Trace): string {
  const head = `${new Date(at).toISOString()}  ${pc.bold(topic)}  ${pc.dim(payload)}`;
  if (error !== undefined) return `${head}\n  ${pc.red(error)}`;
  if (!passed) return `${head}\n  ${pc.dim(`WHERE ${where}: does not pass`)}`;
  return [head, `  ${pc.dim('SELECT')} ${output}`, ...actions.flatMap(formatAction)].join('\n');
}

function formatAction({ kind, isErrorAction, state, attemptCount, attempts, error }: ActionTrace): string[] {
  const colour = state === 'succeeded' ? pc.green : state === 'failed' ? pc.red : pc.yellow;
  const name = isErrorAction ? `error action ${kind}` : kind;
  const tries = attemptCount > 1 ? `, ${attemptCount} attempts` : '';
  const last = attempts.at(-1);
  const detail = [last?.request, last?.response, state === 'succeeded' ? undefined : error].filter(Boolean).join(' → ');
  return [`  ${colour(state)} ${name}${tries}${detail === '' ? '' : `: ${detail}`}`];
}
