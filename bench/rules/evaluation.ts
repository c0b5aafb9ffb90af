/**
 * A hundred rules, ten of which a message reaches, beside the same filters and projections as JavaScript functions: in one process,
 * taking turns. What both make of each message is compared before anything is measured.
 */
import {
  ArrivedMessage,
  Changes,
  type CompiledStatement,
  compileStatement,
  parseStatement,
  RuleEngine,
  type RuleHandler,
  type RuleMessage,
  systemClock,
} from '@thingd/core';
import { openDomain, realm } from '../../packages/core/src/testing/domain.ts';
import { type Case, measureRounds } from '../nanoseconds.ts';
import { median } from '../table.ts';
import { type BenchMessage, type BenchRule, context, messages, rules, type Telemetry } from './hundred.ts';

export interface EvaluationResult {
  readonly name: string;
  /** CPU nanoseconds of one rule's evaluation. */
  readonly sql: number;
  readonly byHand: number;
  /** The median of the rounds' ratios, and the least and the greatest of them. */
  readonly ratio: number;
  readonly spread: readonly [number, number];
}

/** The last output, kept so that no compiler leaves out making it. */
export let kept: unknown;

/** V8's compiler shares the core with what is measured, and has as many functions to optimize as there are shapes of rules. */
const WARM_UP_ROUNDS = 40;

type Evaluate = (message: BenchMessage, index: number) => number;

export async function measureEvaluation(): Promise<EvaluationResult[]> {
  const pairs = await evaluationCases();
  const rounds = await measureRounds(pairs.flat(), WARM_UP_ROUNDS);
  return pairs.map(([{ name }], pair) => {
    const [sql, byHand] = [rounds[2 * pair]!, rounds[2 * pair + 1]!];
    const ratios = sql.map((nanoseconds, round) => nanoseconds / byHand[round]!);
    const spread = [Math.min(...ratios), Math.max(...ratios)] as const;
    return { name, sql: median(sql), byHand: median(byHand), ratio: median(ratios), spread };
  });
}

/** Pairs: what SQL is asked to do, and the same by hand. */
export async function evaluationCases(): Promise<(readonly [sql: Case, byHand: Case])[]> {
  const statements = new Map(rules.map(rule => [rule, compileStatement(parseStatement(rule.sql, '2016-03-23'))]));
  const reached = messages.map(message => message.reached.map(rule => statements.get(rule)!));
  checkOutputs(reached);
  const decoded = messages.map(({ payload }) => JSON.parse(payload.toString()) as Telemetry);
  const levels = messages.map(({ topic }) => topic.split('/'));
  const arrived = messages.map(arrive);
  const handlers = await startEngine();

  const rows: readonly (readonly [name: string, sql: Evaluate, byHand: Evaluate])[] = [
    [
      'from bytes to bytes',
      (message, index) => {
        const { evaluated } = arrive(message);
        let bytes = 0;
        for (const statement of reached[index]!) bytes += evaluate(statement, evaluated).output?.payload.length ?? 0;
        return bytes;
      },
      bytesByHand,
    ],
    [
      'decoded before, nothing serialized',
      (_, index) => {
        let passed = 0;
        for (const statement of reached[index]!)
          if (evaluate(statement, arrived[index]!.evaluated).matched) passed += 1;
        return passed;
      },
      ({ reached }, index) => {
        let passed = 0;
        for (const { byHand } of reached) {
          kept = byHand(decoded[index]!, levels[index]!);
          if (kept !== undefined) passed += 1;
        }
        return passed;
      },
    ],
    [
      'in the engine, calling an action that does nothing',
      (message, index) => {
        const arrival = arrive(message);
        for (const handler of handlers[index]!) handler(arrival);
        return handlers[index]!.length;
      },
      message => {
        outputsByHand(message, output => void nothing(output));
        return message.reached.length;
      },
    ],
  ];
  return rows.map(([name, sql, byHand]) => [caseOf(name, sql), caseOf(name, byHand)] as const);
}

const caseOf = (name: string, evaluateAll: Evaluate): Case => ({
  name,
  operations: messages.reduce((sum, { reached }) => sum + reached.length, 0),
  async run() {
    let sum = 0;
    for (let index = 0; index < messages.length; index++) sum += evaluateAll(messages[index]!, index);
    await nextTurn(); // what was begun is done then
    return sum;
  },
});

const nextTurn = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

const arrive = ({ topic, payload }: BenchMessage): ArrivedMessage =>
  new ArrivedMessage({ topic, payload, qos: 0, hops: 0, clientId: 'press', sourceIp: () => undefined });

const evaluate = (statement: CompiledStatement, message: RuleMessage) =>
  statement.evaluate(message, context) as Awaited<ReturnType<CompiledStatement['evaluate']>>;

const nothing = async (_output: Buffer) => ({ request: '' });

function bytesByHand(message: BenchMessage): number {
  let bytes = 0;
  outputsByHand(message, output => {
    bytes += output.length;
  });
  return bytes;
}

function outputsByHand({ topic, payload, reached }: BenchMessage, take: (output: Buffer) => void): void {
  const message = JSON.parse(payload.toString()) as Telemetry;
  const levels = topic.split('/');
  for (const rule of reached) {
    const output = outputByHand(rule, message, levels, payload);
    if (output !== undefined) take(output);
  }
}

/** A message that is passed on whole need not be written again. */
function outputByHand(
  { byHand }: BenchRule,
  message: Telemetry,
  levels: readonly string[],
  payload: Buffer,
): Buffer | undefined {
  const output = byHand(message, levels);
  if (output === undefined) return undefined;
  return output === message ? payload : Buffer.from(JSON.stringify(output));
}

/** Throws unless SQL and JavaScript make the same of every message, and let about half of them pass. */
function checkOutputs(statements: readonly (readonly CompiledStatement[])[]): void {
  let passed = 0;
  for (const [index, message] of messages.entries()) {
    const { evaluated } = arrive(message);
    const decoded = JSON.parse(message.payload.toString()) as Telemetry;
    for (const [at, rule] of message.reached.entries()) {
      const sql = evaluate(statements[index]![at]!, evaluated).output?.payload.toString();
      const hand = outputByHand(rule, decoded, message.topic.split('/'), message.payload)?.toString();
      if (sql !== hand) throw new Error(`\`${rule.sql}\` makes ${sql}, by hand it is ${hand}`);
      if (sql !== undefined) passed += 1;
    }
  }
  const share = passed / (messages.length * 10);
  if (share < 0.3 || share > 0.7) throw new Error(`${Math.round(share * 100)} % of the evaluations pass`);
}

/** The engine with all hundred rules: for each message the handlers its topic reaches. */
async function startEngine(): Promise<readonly (readonly RuleHandler[])[]> {
  const listeners = new Map<string, RuleHandler[]>();
  const changes = new Changes();
  const failed = (error: unknown): never => {
    throw error;
  };
  await RuleEngine.start({
    store: (await openDomain()).store,
    clock: systemClock,
    changes,
    runners: { none: { failedAction: '', check() {}, resourceOf: () => '', run: ({ payload }) => nothing(payload) } },
    source: {
      listen(_, filter, handler) {
        listeners.set(filter, [...(listeners.get(filter) ?? []), handler]);
        return () => {};
      },
    },
    observer: { actionEnded() {}, notRun: (_, { reason }) => failed(new Error(reason)), failed },
    contextOf: () => context,
  });
  for (const { ruleName, sql } of rules) {
    const rule = {
      ruleName,
      sql,
      actions: [{ none: {} }],
      awsIotSqlVersion: '2016-03-23',
      ruleDisabled: false,
      createdAt: 0,
      version: 1,
    };
    changes.emit({ kind: 'topicRule', realm, ruleName, rule });
  }
  return messages.map(({ reached }) =>
    [...new Set(reached.map(({ filter }) => filter))].flatMap(filter => listeners.get(filter)!),
  );
}

if (import.meta.main) console.log(JSON.stringify(await measureEvaluation()));
