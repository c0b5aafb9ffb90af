/**
 * Policies as an attacker or an accident writes them: the corpus in `policy/`, and texts made from it. Whatever the text, it is
 * refused with its reason or it decides every request. `FUZZ_RUNS=100000 vitest run --project unit fuzz/policy` looks longer.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { bindPolicies, compilePolicy, connectionContext, lintPolicy, parsePolicy, ServiceError } from '@thingd/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { damagedText } from './damaged-text.ts';

const corpusUrl = new URL('policy/', import.meta.url);
const corpus = readdirSync(corpusUrl).map(name => ({ name, text: readFileSync(new URL(name, corpusUrl), 'utf8') }));
const runs = Number(process.env.FUZZ_RUNS ?? 1000);
const timeout = 5000 + runs;

const context = connectionContext({
  clientId: '*?${iot:ClientId}',
  sourceIp: '192.0.2.1',
  thing: { thingName: 'd1', attributes: { 'a,b': '' } },
  isAttached: true,
  connectAttributes: ['LastWill'],
  lastWillTopic: 'arn:aws:iot:us-east-1:000000000000:topic/w',
  now: () => 0,
});

const realm = 'arn:aws:iot:us-east-1:000000000000:';
const requests = [
  ['iot:Connect', `${realm}client/d1`],
  ['iot:Publish', `${realm}topic/$aws/things/d1/shadow/update`],
  ['iot:Receive', `${realm}topic/${'a'.repeat(256)}`],
  ['iot:ListRetainedMessages', '*'],
  ['', ''],
] as const;

/** Refused with its reason, or whole; both evaluators agree. */
function examine(text: string): 'refused' | 'accepted' {
  const policy = attempt(text);
  if (policy === undefined) return 'refused';
  const bound = bindPolicies([policy], context);
  for (const [action, resource] of requests) {
    expect(bound.explain(action, resource).decision).toBe(bound.decide(action, resource));
  }
  for (const { message } of lintPolicy(policy.document, ['CreateThing'])) expect(message).not.toBe('');
  return 'accepted';
}

function attempt(text: string) {
  try {
    return compilePolicy('fuzzed', parsePolicy(text));
  } catch (error) {
    expect(error).toBeInstanceOf(ServiceError);
    expect(error).toMatchObject({ name: 'MalformedPolicyException' });
    return undefined;
  }
}

const refused = ['doubled.txt', 'nested.txt', 'proto.txt'];

test.each(corpus)('$name', ({ name, text }) => {
  expect(examine(text)).toBe(refused.includes(name) ? 'refused' : 'accepted');
});

test('texts made from the corpus by cutting, repeating and replacing', { timeout }, () => {
  const fragment = fc.constantFrom(
    '"',
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '*',
    '?',
    '${',
    "'",
    '\\',
    '\u0000',
    'Deny',
    'Not',
    'null',
    'IfExists',
    'ForAllValues:',
    '1e999',
  );
  const made = damagedText(
    corpus.map(({ text }) => text),
    fragment,
  );
  fc.assert(
    fc.property(made, text => void examine(text)),
    { numRuns: runs },
  );
});

test('documents of the right shape with anything in their places', { timeout }, () => {
  const text = fc.oneof(
    fc.string({ maxLength: 8 }),
    fc.string({ unit: fc.constantFrom('*', '?', ':', '/', '${', '}', 'iot', 'arn', ',', "'") }),
  );
  const list = fc.oneof(text, fc.array(text, { maxLength: 3 }));
  const operator = fc
    .tuple(
      fc.constantFrom('', 'ForAllValues:', 'ForAnyValue:'),
      fc.constantFrom('StringLike', 'NumericEquals', 'DateEquals', 'Bool', 'NotIpAddress', 'ArnNotLike', 'Null'),
      fc.constantFrom('', 'IfExists'),
    )
    .map(parts => parts.join(''));
  const key = fc.constantFrom(
    'iot:ClientId',
    'aws:CurrentTime',
    'aws:SourceIp',
    'iot:ConnectAttributes',
    '__proto__',
    'x',
  );
  const value = fc.oneof(list, fc.integer(), fc.boolean());
  const statement = fc
    .record({
      Effect: fc.constantFrom('Allow', 'Deny'),
      actionElement: fc.constantFrom('Action', 'NotAction'),
      resourceElement: fc.constantFrom('Resource', 'NotResource'),
      actions: list,
      resources: list,
      Condition: fc.dictionary(operator, fc.dictionary(key, value, { maxKeys: 2 }), { maxKeys: 2 }),
    })
    .map(({ actionElement, resourceElement, actions, resources, ...rest }) => ({
      ...rest,
      [actionElement]: actions,
      [resourceElement]: resources,
    }));
  const document = fc.record({
    Version: fc.constantFrom('2012-10-17', '2008-10-17'),
    Statement: fc.array(statement, { minLength: 1, maxLength: 2 }),
  });
  fc.assert(
    fc.property(document, it => void examine(JSON.stringify(it))),
    { numRuns: runs },
  );
});
