/**
 * SQL as people write it and as accidents do: the corpus in `iot-sql/`, and texts made from it. Whatever the text, it is refused as
 * `SqlParseException`, or it is a statement: one that prints to itself and evaluates any payload.
 * `FUZZ_RUNS=100000 vitest run --project unit fuzz/iot-sql` looks longer.
 */
import { readdirSync, readFileSync } from 'node:fs';
import {
  compileStatement,
  compileTemplate,
  type EvaluationContext,
  EvaluationError,
  parseStatement,
  printStatement,
  RuleMessage,
  ServiceError,
  type SqlVersion,
} from '@thingd/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { damagedText } from './damaged-text.ts';

const corpusUrl = new URL('iot-sql/', import.meta.url);
const corpus = readdirSync(corpusUrl).map(name => ({ name, text: readFileSync(new URL(name, corpusUrl), 'utf8') }));
const runs = Number(process.env.FUZZ_RUNS ?? 2000);
const timeout = 5000 + runs * 2;

const context: EvaluationContext = {
  accountId: '000000000000',
  clock: { now: () => 0 },
  random: () => 0,
  uuid: () => '0f8fad5b-d9cb-469f-a165-70867728950e',
  services: {
    invokeLambda: async () => '{}',
    getDynamodbItem: async () => undefined,
    getRegistryData: async () => '{}',
    getSecret: async () => ({ secretString: '' }),
    getThingShadow: async () => '{"state":{}}',
    predict: async () => '{}',
    getDescriptorSet: async () => new Uint8Array(),
  },
};

const messages = [
  '{"eventType":"temperature","payload":{"value":31},"sensors":[{"values":[1,2]}]}',
  '[1,"a"]',
  'plain',
  '',
].map(text => new RuleMessage({ topic: 'fleet/a/b/telemetry', payload: Buffer.from(text) }));

/** What `parse` makes of the text, or `undefined` if it refuses it as it should. */
function attempt<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    expect(error).toBeInstanceOf(ServiceError);
    expect(error).toMatchObject({
      name: 'SqlParseException',
      message: expect.stringMatching(/^line \d+, column \d+: ./),
    });
    return undefined;
  }
}

async function examine(text: string, version: SqlVersion = '2016-03-23'): Promise<'refused' | 'accepted'> {
  const statement = attempt(() => parseStatement(text, version));
  if (statement === undefined) return 'refused';
  expect(parseStatement(printStatement(statement), version)).toEqual(statement);
  const compiled = compileStatement(statement);
  for (const message of messages) {
    try {
      const result = await compiled.evaluate(message, context);
      expect(result.output?.payload ?? Buffer.alloc(0)).toBeInstanceOf(Buffer);
    } catch (error) {
      expect(error).toBeInstanceOf(EvaluationError);
    }
  }
  return 'accepted';
}

const refused = ['unclosed.sql', 'chained.sql', 'deep.sql'];

test.each(corpus)('$name', async ({ name, text }) => {
  expect(await examine(text)).toBe(refused.includes(name) ? 'refused' : 'accepted');
});

const fragment = fc.constantFrom(
  ...["'", '"', '(', ')', '{', '}', '[', ']', ',', '.', '*', '@', '$', '\\', '\u0000', '<>', '-', '=', ':', '${'],
  ...[
    ' SELECT ',
    ' FROM ',
    ' WHERE ',
    ' VALUE ',
    ' AS ',
    ' NOT ',
    ' CASE ',
    ' END ',
    ' IN ',
    'EXISTS(',
    'CAST(',
    'NULL',
    '1e999',
    '😀',
  ],
);

const damaged = damagedText(
  corpus.map(({ text }) => text),
  fragment,
);

test('texts made from the corpus by cutting, repeating and replacing', { timeout }, async () => {
  await fc.assert(
    fc.asyncProperty(damaged, fc.constantFrom('2015-10-08' as const, '2016-03-23' as const), async (text, version) => {
      await examine(text, version);
    }),
    { numRuns: runs },
  );
});

test('words and signs in any order', { timeout }, async () => {
  const word = fc.oneof(
    fragment,
    fc.constantFrom(
      'a',
      'b',
      '1',
      '2.5',
      "'s'",
      '@v',
      'topic()',
      'SET @v = ',
      'SELECT * FROM',
      'WHEN ',
      'THEN ',
      'a AS b, ',
    ),
  );
  const text = fc.array(word, { maxLength: 12 }).map(words => `SELECT ${words.join(' ')}`);
  await fc.assert(
    fc.asyncProperty(text, async it => void (await examine(it))),
    { numRuns: runs },
  );
});

test('templates made of anything', { timeout }, () => {
  const text = fc.array(
    fc.oneof(fragment, fc.constantFrom('${topic(1)}', '${', '}', 'a/b'), fc.string({ maxLength: 3 })),
    {
      maxLength: 8,
    },
  );
  fc.assert(
    fc.property(text, parts => {
      const template = attempt(() => compileTemplate(parts.join(''), '2016-03-23'));
      if (template?.isAsynchronous === false) expect(template.render(messages[0]!, context)).toBeTypeOf('string');
    }),
    { numRuns: runs },
  );
});
