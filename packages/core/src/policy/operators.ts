/** The operators of a policy's conditions: how one value of the request compares with one value of the policy. */
import { compileArnPattern, matchesArn } from './arn-pattern.ts';
import { parseDate } from './date.ts';
import { parseIpNetwork } from './ip-network.ts';
import { textOf } from './template.ts';
import { compileWildcard, matchesWildcard, type Token } from './wildcard.ts';

/** Tells whether a value of the request is what the policy asks for. */
export type Test = (value: string) => boolean;

export interface Operator {
  /** `…Not…`: holds when the value passes none of the tests. */
  readonly negated: boolean;
  /** Whether `*` and `?` in a value of the policy are wildcards. */
  readonly wildcards: boolean;
  /** Makes the test of one value of the policy; undefined if the value makes no sense to this operator. */
  prepare(value: readonly Token[]): Test | undefined;
  /** What `prepare` expects, for messages. */
  readonly expects: string;
}

type Prepare = (text: string) => Test | undefined;

const plain = (prepare: Prepare, expects: string) => ({
  wildcards: false,
  prepare: (value: readonly Token[]) => prepare(textOf(value)),
  expects,
});

const stringEquals = plain(wanted => value => value === wanted, 'a string');

const stringEqualsIgnoreCase = plain(text => {
  const wanted = text.toLowerCase();
  return value => value.toLowerCase() === wanted;
}, 'a string');

const stringLike = {
  wildcards: true,
  prepare(tokens: readonly Token[]): Test {
    const pattern = compileWildcard(tokens);
    return value => matchesWildcard(pattern, value);
  },
  expects: 'a string',
};

const arnLike = {
  wildcards: true,
  prepare(tokens: readonly Token[]): Test {
    const pattern = compileArnPattern(tokens);
    return value => matchesArn(pattern, value);
  },
  expects: 'an ARN',
};

/** An operator over values that have an order; what cannot be read compares with nothing. */
function ordered(
  read: (text: string) => number | undefined,
  holds: (value: number, wanted: number) => boolean,
  expects: string,
) {
  return plain(text => {
    const wanted = read(text);
    if (wanted === undefined) return undefined;
    return value => {
      const number = read(value);
      return number !== undefined && holds(number, wanted);
    };
  }, expects);
}

const comparisons = {
  LessThan: (value: number, wanted: number) => value < wanted,
  LessThanEquals: (value: number, wanted: number) => value <= wanted,
  GreaterThan: (value: number, wanted: number) => value > wanted,
  GreaterThanEquals: (value: number, wanted: number) => value >= wanted,
};

const equals = (value: number, wanted: number): boolean => value === wanted;

function readNumber(text: string): number | undefined {
  const number = text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(number) ? number : undefined;
}

function orderedFamily(
  name: string,
  read: (text: string) => number | undefined,
  expects: string,
): [string, Operator][] {
  return [
    ...both(`${name}Equals`, `${name}NotEquals`, ordered(read, equals, expects)),
    ...Object.entries(comparisons).map(([suffix, holds]): [string, Operator] => [
      `${name}${suffix}`,
      { ...ordered(read, holds, expects), negated: false },
    ]),
  ];
}

const bool = plain(text => {
  const wanted = text.toLowerCase();
  return wanted === 'true' || wanted === 'false' ? value => value.toLowerCase() === wanted : undefined;
}, '`true` or `false`');

const ipAddress = plain(text => parseIpNetwork(text)?.contains, 'an address or a range such as `192.0.2.0/24`');

const binaryEquals = plain(text => {
  const wanted = Buffer.from(text, 'base64');
  return value => wanted.equals(Buffer.from(value, 'base64'));
}, 'base64');

function both(name: string, negatedName: string, operator: Omit<Operator, 'negated'>): [string, Operator][] {
  return [
    [name, { ...operator, negated: false }],
    [negatedName, { ...operator, negated: true }],
  ];
}

/** Under the names of AWS: IAM JSON policy elements, "Condition operators". `Null` asks about presence, not about a value. */
export const operators: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ...both('StringEquals', 'StringNotEquals', stringEquals),
  ...both('StringEqualsIgnoreCase', 'StringNotEqualsIgnoreCase', stringEqualsIgnoreCase),
  ...both('StringLike', 'StringNotLike', stringLike),
  ...orderedFamily('Numeric', readNumber, 'a number'),
  ...orderedFamily('Date', parseDate, 'a date such as `2027-01-31T12:00:00Z`, or seconds since the epoch'),
  ['Bool', { ...bool, negated: false }],
  ['BinaryEquals', { ...binaryEquals, negated: false }],
  ...both('IpAddress', 'NotIpAddress', ipAddress),
  // The two are the same, in IAM too: both read wildcards.
  ...both('ArnEquals', 'ArnNotEquals', arnLike),
  ...both('ArnLike', 'ArnNotLike', arnLike),
  ['Null', { ...bool, negated: false }],
]);
