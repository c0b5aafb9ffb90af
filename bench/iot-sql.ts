/**
 * What SQL costs: parsing and compiling a statement, and evaluating it beside the same filter written by hand in JavaScript.
 * `node --conditions=@thingd/source bench/iot-sql.ts`. Each message is decoded anew, as it is once per publish however many rules
 * look at it; `decoded` rows leave that out.
 */
import { compileStatement, type EvaluationContext, parseStatement, RuleMessage, systemClock } from '@thingd/core';
import { type Case, measureCases } from './nanoseconds.ts';
import { noServices } from './rules/no-services.ts';

type Json = Record<string, unknown>;

const context: EvaluationContext = {
  accountId: '000000000000',
  clock: systemClock,
  random: Math.random,
  uuid: () => '',
  services: noServices,
};

const telemetry = {
  eventType: 'temperature',
  sender: 'gateway-17',
  asset: { id: 'press-4', site: 'berlin', line: 3 },
  payload: { value: 31.5, unit: 'C', battery: 87 },
  sequence: 104_223,
};
/** A hundred messages that differ, so that nothing is the same twice in a row. */
const payloads = Array.from({ length: 100 }, (_, index) =>
  Buffer.from(JSON.stringify({ ...telemetry, payload: { ...telemetry.payload, value: 20 + index / 4 } })),
);
const topic = 'fleet/berlin/press-4/telemetry';

interface Rule {
  readonly name: string;
  readonly sql: string;
  /** What somebody would write instead: the output, or undefined if the message does not pass. */
  byHand(message: Json, topic: string): unknown;
}

const rules: readonly Rule[] = [
  {
    name: 'a filter that does not pass',
    sql: "SELECT * FROM 'fleet/#' WHERE eventType = 'door'",
    byHand: message => (message.eventType === 'door' ? message : undefined),
  },
  {
    name: 'two conditions',
    sql: "SELECT * FROM 'fleet/#' WHERE eventType = 'temperature' AND payload.value > 30",
    byHand: message =>
      message.eventType === 'temperature' && ((message.payload as Json | undefined)?.value as number) > 30
        ? message
        : undefined,
  },
  {
    name: 'three columns',
    sql: "SELECT asset.id AS asset, payload.value AS value, topic(2) AS site FROM 'fleet/#' WHERE payload.value > 30",
    byHand: (message, topic) => {
      const { asset, payload } = message as { asset?: Json; payload?: Json };
      return (payload?.value as number) > 30
        ? { asset: asset?.id, value: payload?.value, site: topic.split('/')[1] }
        : undefined;
    },
  },
  {
    name: 'Fahrenheit',
    sql: "SELECT payload.value * 9 / 5 + 32 AS f FROM 'fleet/#' WHERE payload.unit = 'C'",
    byHand: message => {
      const payload = message.payload as Json | undefined;
      return payload?.unit === 'C' ? { f: ((payload.value as number) * 9) / 5 + 32 } : undefined;
    },
  },
  {
    name: 'everything and the time',
    sql: "SELECT *, timestamp() AS ts FROM 'fleet/#'",
    byHand: message => ({ ...message, ts: Date.now() }),
  },
];

const compile = (sql: string) => compileStatement(parseStatement(sql, '2016-03-23'));
const messages = payloads.map(payload => new RuleMessage({ topic, payload }));
const decoded = payloads.map(payload => JSON.parse(payload.toString()) as Json);

const cases = rules.flatMap((rule): Case[] => {
  const statement = compile(rule.sql);
  const evaluate = (message: RuleMessage): number => {
    const result = statement.evaluate(message, context) as Awaited<ReturnType<typeof statement.evaluate>>;
    return result.matched ? 1 : 0;
  };
  const sum = (one: (index: number) => number) => () => {
    let passed = 0;
    for (let index = 0; index < payloads.length; index++) passed += one(index);
    return passed;
  };
  const byHand = (message: Json): number => (rule.byHand(message, topic) === undefined ? 0 : 1);
  const sql = sum(index => evaluate(new RuleMessage({ topic, payload: payloads[index]! })));
  const hand = sum(index => byHand(JSON.parse(payloads[index]!.toString()) as Json));
  if (sql() !== hand()) throw new Error(`${rule.name}: SQL and JavaScript do not agree`);
  return [
    { name: `${rule.name}, SQL`, operations: payloads.length, run: sql },
    { name: `${rule.name}, by hand`, operations: payloads.length, run: hand },
    { name: `${rule.name}, decoded, SQL`, operations: payloads.length, run: sum(index => evaluate(messages[index]!)) },
    { name: `${rule.name}, decoded, by hand`, operations: payloads.length, run: sum(index => byHand(decoded[index]!)) },
  ];
});

const parseCase = ({ name, sql }: Rule): Case => ({
  name: `parse: ${name}`,
  operations: 1,
  run: () => parseStatement(sql, '2016-03-23').version.length,
});

await measureCases([
  ...rules.map(parseCase),
  { name: 'parse and compile: three columns', operations: 1, run: () => compile(rules[2]!.sql).variables.length },
  ...cases,
]);
