/** A statement tried on a message without a broker: for `thingd rules test`, on a terminal and in CI. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import {
  compileStatement,
  type EvaluationContext,
  type ExternalServices,
  parseSqlVersion,
  parseStatement,
  RuleMessage,
  systemClock,
  topicMatches,
  traceOf,
} from '@thingd/core';

export interface Trial {
  readonly sql: string;
  readonly awsIotSqlVersion?: string | undefined;
  readonly topic: string;
  readonly payload: string;
  readonly clientId?: string | undefined;
}

export interface Verdict {
  /** Whether FROM selects the topic; a statement without FROM is reached by Basic Ingest. */
  readonly selected: boolean;
  readonly passed: boolean;
  /** What SELECT made, if it got that far. */
  readonly output: string | undefined;
  readonly where: string | undefined;
  readonly variables: Readonly<Record<string, string>>;
}

const unavailable = async (): Promise<never> => {
  throw new Error('a test asks no services; run the rule in thingd to see this function');
};

const services: ExternalServices = {
  invokeLambda: unavailable,
  getDynamodbItem: unavailable,
  getRegistryData: unavailable,
  getSecret: unavailable,
  getThingShadow: unavailable,
  predict: unavailable,
  getDescriptorSet: unavailable,
};

const context: EvaluationContext = {
  accountId: '000000000000',
  clock: systemClock,
  random: Math.random,
  uuid: randomUUID,
  services,
};

/** Throws `SqlParseException`; rejects with `EvaluationError` where the statement asks a service. */
export async function tryRule({ sql, awsIotSqlVersion, topic, payload, clientId }: Trial): Promise<Verdict> {
  const statement = compileStatement(parseStatement(sql, parseSqlVersion(awsIotSqlVersion)));
  const message = new RuleMessage({ topic, payload: Buffer.from(payload), clientId, traceId: randomUUID() });
  const { topicFilter } = statement;
  if (topicFilter !== undefined && !topic.startsWith('$aws/rules/') && !topicMatches(topicFilter, topic)) {
    return { selected: false, passed: false, output: undefined, where: undefined, variables: {} };
  }
  const result = await statement.evaluate(message, context);
  const { where, variables = {} } = traceOf('test', 0, message, statement, result);
  return { selected: true, passed: result.matched, output: result.output?.payload.toString('utf8'), where, variables };
}

/** A case of a file: a trial, and what is expected of it: JSON, or null for a message that does not pass. */
export interface Case extends Omit<Trial, 'payload'> {
  readonly name?: string;
  /** Text as it is, anything else as JSON. */
  readonly payload: unknown;
  readonly expect: unknown;
}

export interface CaseResult {
  readonly name: string;
  readonly ok: boolean;
  readonly expected: string;
  readonly actual: string;
}

/** Reads `[{…}, …]`, or `{"sql": …, "cases": [{…}]}` where the cases share a statement. Throws with what is wrong with the file. */
export function readCases(path: string): Case[] {
  const content = JSON.parse(readFileSync(path, 'utf8')) as Case[] | { cases?: Case[] };
  const { cases, ...shared } = Array.isArray(content) ? { cases: content } : content;
  if (!Array.isArray(cases)) throw new Error(`\`${path}\` has no list of cases`);
  return cases.map((given, index) => {
    const merged = { ...shared, ...given };
    for (const member of ['sql', 'topic', 'payload', 'expect'] as const) {
      if (merged[member] === undefined) throw new Error(`case ${index + 1} of \`${path}\` has no \`${member}\``);
    }
    return merged;
  });
}

export async function runCase(given: Case, index: number): Promise<CaseResult> {
  const { name = `case ${index + 1}`, payload, expect } = given;
  const expected = expect === null ? 'does not pass' : JSON.stringify(expect);
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
  try {
    const { selected, passed, output = '' } = await tryRule({ ...given, payload: text });
    if (!passed) return { name, ok: expect === null, expected, actual: selected ? 'does not pass' : 'is not selected' };
    return { name, ok: expect !== null && isSame(output, expect), expected, actual: output };
  } catch (error) {
    return { name, ok: false, expected, actual: (error as Error).message };
  }
}

function isSame(output: string, expected: unknown): boolean {
  if (output === expected) return true;
  try {
    return isDeepStrictEqual(JSON.parse(output), expected);
  } catch {
    return false;
  }
}
