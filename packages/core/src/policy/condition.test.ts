import { describe, expect, test } from 'vitest';
import { compileCondition, conditionHolds } from './condition.ts';
import type { ConnectAttribute } from './context.ts';
import { allow, any, arn, bind, deny } from './fixtures.ts';
import { parseTemplate } from './template.ts';

/** Whether a condition on the key `k` holds when `k` has these values, and `v` the value `x`. */
function holds(operator: string, wanted: readonly string[], found: readonly string[] | undefined): boolean {
  const values: Readonly<Record<string, readonly string[] | undefined>> = { k: found, v: ['x'] };
  return conditionHolds(compileCondition(operator, 'k', wanted.map(parseTemplate)), { get: key => values[key] });
}

test.each([
  ['StringEquals', 'a*', 'a*', true],
  ['StringEquals', 'a*', 'ab', false],
  ['StringEquals', 'a', 'A', false],
  ['StringEquals', '${v}', 'x', true],
  ['StringEquals', '${*}', '*', true],
  ['StringEquals', '${nothing}', '${nothing}', true],
  ['StringEqualsIgnoreCase', 'aB', 'Ab', true],
  ['StringLike', 'a*c?', 'a/b/cd', true],
  ['StringLike', '${*}', 'a', false],
  ['StringLike', '${v}*', 'xyz', true],
  ['NumericEquals', '5', '5.0', true],
  ['NumericEquals', '5', 'five', false],
  ['NumericLessThan', '5', '4', true],
  ['NumericLessThan', '5', '5', false],
  ['NumericLessThan', '10', '9', true],
  ['NumericLessThanEquals', '5', '5', true],
  ['NumericLessThanEquals', '5', '6', false],
  ['NumericGreaterThan', '5', '6', true],
  ['NumericGreaterThan', '5', '5', false],
  ['NumericGreaterThanEquals', '5', '5', true],
  ['NumericGreaterThanEquals', '5', '', false],
  ['DateEquals', '2027-01-01', '2027-01-01T00:00:00Z', true],
  ['DateEquals', '0', '1970-01-01T00:00:00Z', true],
  ['DateLessThan', '2027-01-01', '2026-12-31T23:59:59Z', true],
  ['DateLessThan', '2027-01-01', '2027-01-01', false],
  ['DateLessThanEquals', '2027-01-01', '2027-01-01', true],
  ['DateGreaterThan', '2027-01-01', '2027-01-01T00:00:00.001Z', true],
  ['DateGreaterThanEquals', '2027-01-01', '2027-01-01', true],
  ['Bool', 'true', 'true', true],
  ['Bool', 'TRUE', 'true', true],
  ['Bool', 'true', 'True', true],
  ['Bool', 'false', 'true', false],
  ['BinaryEquals', 'QUI=', 'QUI=', true],
  ['BinaryEquals', 'QUI=', 'QUJD', false],
  ['IpAddress', '192.0.2.0/24', '192.0.2.9', true],
  ['IpAddress', '192.0.2.0/24', '198.51.100.1', false],
  ['ArnEquals', any('topic/a/*'), arn('topic/a/b'), true],
  ['ArnLike', any('topic/?'), arn('topic/a'), true],
  ['ArnLike', any('topic/a'), arn('topic/x:topic/a'), false],
])('%s %j of %j: %s', (operator, wanted, found, expected) => {
  expect(holds(operator, [wanted], [found])).toBe(expected);
  const negated = negationOf(operator);
  if (negated !== operator) expect(holds(negated, [wanted], [found])).toBe(!expected);
});

/** The operator's own name if it has no negation. */
function negationOf(operator: string): string {
  if (operator === 'IpAddress') return 'NotIpAddress';
  return operator.replace(/^(String|Numeric|Date|Arn)(?=Equals|Like)/, '$1Not');
}

test.each([
  // One value of the key.
  ['StringEquals', ['a', 'b'], ['b'], true],
  ['StringEquals', [], ['b'], false],
  ['StringNotEquals', ['a', 'b'], ['b'], false],
  ['StringNotEquals', ['a', 'b'], ['c'], true],
  ['StringNotEquals', [], ['c'], true],
  // A missing key.
  ['StringEquals', ['a'], undefined, false],
  ['StringEquals', ['a'], [], false],
  ['StringNotEquals', ['a'], undefined, true],
  ['NotIpAddress', ['192.0.2.0/24'], undefined, true],
  ['StringEqualsIfExists', ['a'], undefined, true],
  ['StringEqualsIfExists', ['a'], ['b'], false],
  ['ForAnyValue:StringEqualsIfExists', ['a'], undefined, true],
  ['Null', ['true'], undefined, true],
  ['Null', ['true'], ['a'], false],
  ['Null', ['false'], ['a'], true],
  ['Null', ['false'], [], false],
  // A set.
  ['ForAllValues:StringEquals', ['a', 'b'], ['a', 'b'], true],
  ['ForAllValues:StringEquals', ['a', 'b'], ['a', 'c'], false],
  ['ForAllValues:StringEquals', ['a'], undefined, true],
  ['ForAllValues:StringEquals', [], ['a'], false],
  ['ForAllValues:StringNotEquals', ['a'], ['b', 'c'], true],
  ['ForAllValues:StringNotEquals', ['a'], ['a', 'c'], false],
  ['ForAnyValue:StringEquals', ['a'], ['a', 'c'], true],
  ['ForAnyValue:StringEquals', ['a'], ['c'], false],
  ['ForAnyValue:StringEquals', ['a'], undefined, false],
  ['ForAnyValue:StringNotEquals', ['a'], ['a', 'c'], true],
  ['ForAnyValue:StringNotEquals', ['a'], ['a'], false],
  ['ForAnyValue:StringNotEquals', ['a'], undefined, false],
  ['ForAnyValue:StringLike', ['a*'], ['b', 'ab'], true],
  // A set without quantifier.
  ['StringEquals', ['a'], ['a', 'b'], true],
  ['StringNotEquals', ['a'], ['a', 'b'], false],
])('%s %j of %j: %s', (operator, wanted, found, expected) => {
  expect(holds(operator, wanted, found)).toBe(expected);
});

test('a value that a variable makes senseless is not equal to anything', () => {
  expect(holds('IpAddress', ['${v}'], ['192.0.2.1'])).toBe(false);
  expect(holds('NotIpAddress', ['${v}'], ['192.0.2.1'])).toBe(true);
});

describe('what a CONNECT may use', () => {
  const uses: readonly (readonly ConnectAttribute[])[] = [
    [],
    ['PersistentConnect'],
    ['LastWill'],
    ['PersistentConnect', 'LastWill'],
  ];
  const attributes = (operator: string, values: readonly string[]) => ({
    Condition: { [operator]: { 'iot:ConnectAttributes': values } },
  });
  const allowed = (more?: object) => allow('iot:Connect', any('client/*'), { ...more });
  const denied = (more?: object) => deny('iot:Connect', any('client/*'), { ...more });
  const bothPersistentAndWill = ['PersistentConnect', 'LastWill'];

  // AWS: connect policy examples. Columns: plain, persistent, will, both.
  test.each([
    ['nothing said', [allowed()], [true, true, true, true]],
    [
      'ForAllValues P',
      [allowed(attributes('ForAllValues:StringEquals', ['PersistentConnect']))],
      [true, true, false, false],
    ],
    ['ForAllValues W', [allowed(attributes('ForAllValues:StringEquals', ['LastWill']))], [true, false, true, false]],
    [
      'ForAllValues P W',
      [allowed(attributes('ForAllValues:StringEquals', bothPersistentAndWill))],
      [true, true, true, true],
    ],
    ['ForAllValues of nothing', [allowed(attributes('ForAllValues:StringEquals', []))], [true, false, false, false]],
    [
      'ForAnyValue P',
      [allowed(attributes('ForAnyValue:StringEquals', ['PersistentConnect']))],
      [false, true, false, true],
    ],
    [
      'ForAllValues not P',
      [allowed(attributes('ForAllValues:StringNotEquals', ['PersistentConnect']))],
      [true, false, true, false],
    ],
    [
      'all but P',
      [allowed(), denied(attributes('ForAnyValue:StringEquals', ['PersistentConnect']))],
      [true, false, true, false],
    ],
    [
      'only both',
      [
        allowed(attributes('ForAllValues:StringEquals', bothPersistentAndWill)),
        denied(attributes('ForAllValues:StringEquals', ['PersistentConnect'])),
        denied(attributes('ForAllValues:StringEquals', ['LastWill'])),
        denied(attributes('ForAllValues:StringEquals', [])),
      ],
      [false, false, false, true],
    ],
    [
      'a certain will topic',
      [allowed({ Condition: { ArnEquals: { 'iot:LastWillTopic': any('topic/last') } } })],
      [false, false, true, true],
    ],
    [
      'another will topic',
      [allowed({ Condition: { ArnEquals: { 'iot:LastWillTopic': any('topic/other') } } })],
      [false, false, false, false],
    ],
  ])('%s', (_, statements, expected) => {
    const decisions = uses.map(connectAttributes => {
      const lastWillTopic = connectAttributes.includes('LastWill') ? arn('topic/last') : undefined;
      return (
        bind(statements, { connectAttributes, lastWillTopic }).decide('iot:Connect', arn('client/c')) === 'allowed'
      );
    });
    expect(decisions).toEqual(expected);
  });

  test('is seen by the decision about Connect alone', () => {
    const statements = [allow('iot:*', '*', attributes('ForAnyValue:StringEquals', ['LastWill']))];
    const bound = bind(statements, { connectAttributes: ['LastWill'] });
    expect(bound.decide('iot:Connect', arn('client/c'))).toBe('allowed');
    expect(bound.decide('iot:Publish', arn('topic/t'))).toBe('implicitDeny');
  });
});
