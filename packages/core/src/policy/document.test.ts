import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ServiceError } from '../errors.ts';
import { parsePolicy } from './document.ts';
import { allow, documentOf } from './fixtures.ts';

const failure = (text: string): unknown => {
  try {
    return parsePolicy(text);
  } catch (error) {
    return error;
  }
};

test('a document is read into statements with lists', () => {
  const text = JSON.stringify({
    Version: '2012-10-17',
    Id: 'fleet',
    Statement: {
      Sid: 's',
      Effect: 'Deny',
      NotAction: 'iot:Connect',
      NotResource: ['a', 'b'],
      Condition: { 'ForAllValues:StringLike': { k: 'v' }, Bool: { a: true, b: ['false'] } },
    },
  });
  expect(parsePolicy(text)).toEqual({
    version: '2012-10-17',
    id: 'fleet',
    statements: [
      {
        sid: 's',
        effect: 'Deny',
        actions: { negated: true, patterns: ['iot:Connect'] },
        resources: { negated: true, patterns: ['a', 'b'] },
        conditions: [
          { operatorName: 'ForAllValues:StringLike', key: 'k', values: ['v'] },
          { operatorName: 'Bool', key: 'a', values: ['true'] },
          { operatorName: 'Bool', key: 'b', values: ['false'] },
        ],
      },
    ],
  });
});

test.each([
  ['an unknown action', allow('iot:Pubish', '*')],
  ['a resource that is no ARN', allow('iot:Publish', 'topic/a')],
  ['an unknown condition key', allow('iot:Publish', '*', { Condition: { Bool: { 'iot:Unheard': 'true' } } })],
  ['no values', allow('iot:Connect', '*', { Condition: { 'ForAllValues:StringEquals': { k: [] } } })],
  ['a variable where an address belongs', allow('iot:Connect', '*', { Condition: { IpAddress: { k: '${x}' } } })],
  ['IfExists', allow('iot:Connect', '*', { Condition: { NumericLessThanEqualsIfExists: { k: 5 } } })],
])('%s is accepted', (_, statement) => {
  expect(parsePolicy(documentOf(statement)).statements).toHaveLength(1);
});

const condition = (operator: string, value: unknown) =>
  documentOf(allow('iot:Connect', '*', { Condition: { [operator]: { k: value } } }));

test.each([
  ['', ' at line 1 column 1: the text ends too soon'],
  ['{"Version":\n "2012-10-17",}', ' at line 2 column 15: expected a key in double quotes'],
  ['[]', ': expected an object'],
  ['null', ': expected an object'],
  ['{}', ' at Statement: it is missing'],
  ['{"Version":"2012-10-18","Statement":[]}', ' at Version: expected `2012-10-17`, found `2012-10-18`'],
  ['{"Statement":[]}', ' at Statement: expected at least one statement'],
  ['{"Statement":"a"}', ' at Statement: expected an object or an array of objects'],
  ['{"Statement":[1]}', ' at Statement[0]: expected an object, found `1`'],
  ['{"Id":7,"Statement":[]}', ' at Id: expected a string, found `7`'],
  ['{"statement":[]}', ' at statement: `statement` is not an element of a policy; did you mean `Statement`?'],
  [documentOf(allow('iot:*', '*'), { Effect: 'Allow', Resource: '*' }), ' at Statement[1].Action: it is missing'],
  [documentOf({ Effect: 'Allow', Action: 'iot:*' }), ' at Statement[0].Resource: it is missing'],
  [documentOf({ Action: 'iot:*', Resource: '*' }), ' at Statement[0].Effect: it is missing'],
  [
    documentOf({ ...allow('iot:*', '*'), Effect: 'allow' }),
    ' at Statement[0].Effect: expected `Allow` or `Deny`, found `allow`',
  ],
  [documentOf(allow([], '*')), ' at Statement[0].Action: expected at least one'],
  [documentOf(allow('iot:*', '')), ' at Statement[0].Resource: expected a string or an array of strings, found ``'],
  [
    documentOf(allow('iot:*', ['*', {}])),
    ' at Statement[0].Resource: expected a string or an array of strings, found an object',
  ],
  [
    documentOf(allow('iot:*', '*', { NotAction: 'a' })),
    ' at Statement[0].NotAction: a statement has either `Action` or `NotAction`',
  ],
  [
    documentOf(allow('iot:*', '*', { Principal: '*' })),
    ' at Statement[0].Principal: an IoT policy has no principal: it applies to whatever it is attached to',
  ],
  [documentOf(allow('iot:*', '*', { Condition: [] })), ' at Statement[0].Condition: expected an object of operators'],
  [
    condition('StringEqual', 'a'),
    ' at Statement[0].Condition.StringEqual: `StringEqual` is not a condition operator; did you mean `StringEquals`?',
  ],
  [
    condition('ForSomeValues:StringEquals', 'a'),
    ' at Statement[0].Condition.ForSomeValues:StringEquals: `ForSomeValues:StringEquals` is not a condition operator',
  ],
  [
    condition('NullIfExists', true),
    ' at Statement[0].Condition.NullIfExists: `NullIfExists` is not a condition operator',
  ],
  [condition('Bool', 'yes'), ' at Statement[0].Condition.Bool.k: expected `true` or `false`, found `yes`'],
  [
    condition('NotIpAddress', '10.0.0.0/99'),
    ' at Statement[0].Condition.NotIpAddress.k: expected an address or a range such as `192.0.2.0/24`, found `10.0.0.0/99`',
  ],
  [condition('NumericEquals', 'many'), ' at Statement[0].Condition.NumericEquals.k: expected a number, found `many`'],
  [
    condition('DateLessThan', 'soon'),
    ' at Statement[0].Condition.DateLessThan.k: expected a date such as `2027-01-31T12:00:00Z`, or seconds since the epoch, found `soon`',
  ],
  [
    condition('StringEquals', null),
    ' at Statement[0].Condition.StringEquals.k: expected a string, a number, a boolean or an array of them, found `null`',
  ],
  [
    condition('IpAddress', '${x}').replace('2012', '2008'),
    ' at Statement[0].Condition.IpAddress.k: expected an address or a range such as `192.0.2.0/24`, found `${x}`',
  ],
])('%j is refused, saying where and why', (text, complaint) => {
  expect(failure(text)).toMatchObject({
    name: 'MalformedPolicyException',
    status: 400,
    message: `policy document is invalid${complaint}`,
  });
});

test('2048 characters are allowed, white space not counted', () => {
  const fill = (count: number) => documentOf(allow('iot:Publish', 'x'.repeat(count)));
  const room = 2048 - fill(0).length;
  expect(failure(fill(room).replaceAll(',', ' \t\n,'))).not.toBeInstanceOf(Error);
  expect(failure(fill(room + 1))).toMatchObject({
    message: 'policy document is invalid: it has 2049 characters without white space; 2048 are allowed',
  });
});

const jsonValue = fc.jsonValue({ maxDepth: 2 });
const element = fc.constantFrom(
  'Sid',
  'Effect',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
  'Principal',
);
const nearlyStatement = fc.dictionary(
  element,
  fc.oneof(jsonValue, fc.constantFrom('Allow', 'Deny', 'iot:*', '*', { Bool: { a: [true] } }, { Null: 1 })),
);

test('whatever the text, only a ServiceError is thrown', () => {
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json(),
    fc
      .record({
        Version: fc.constantFrom('2012-10-17', '', 1),
        Statement: fc.oneof(jsonValue, nearlyStatement, fc.array(nearlyStatement)),
      })
      .map(document => JSON.stringify(document)),
  );
  fc.assert(
    fc.property(texts, text => {
      const result = failure(text);
      if (result instanceof Error) expect(result).toBeInstanceOf(ServiceError);
    }),
    { numRuns: 2000 },
  );
});
