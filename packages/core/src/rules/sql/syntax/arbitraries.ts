/** Any statement, for tests of laws: what the parser could have made, nested a few levels. */
import fc from 'fast-check';
import { castTypes } from '../value/cast.ts';
import { droppingZeros } from '../value/numbers.ts';
import type { Numeric } from '../value/value.ts';
import type {
  BinaryOperator,
  Column,
  Expression,
  ObjectMember,
  Projection,
  Statement,
  Subselect,
  When,
} from './ast.ts';

const name = fc.constantFrom('a', 'b', 'r', 'value', '_x1', 'length', 'select_', 'Topic', 'constructor', '__proto__');
const text = fc.oneof(
  fc.string({ maxLength: 5 }),
  fc.constantFrom("it's", '"', '${', '\\', '\n', 'base64', '1', '-2.5', 'true'),
);
/** As the lexer reads them: without a sign. */
const number = fc
  .oneof(
    fc.nat().map(String),
    fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }).map(String),
    fc.constantFrom('12345678901234567890.5', '1e500', '0.1'),
  )
  .map(digits => droppingZeros.parse(digits) as Numeric);

const operators: readonly BinaryOperator[] = [
  'OR',
  'AND',
  '=',
  '<>',
  '<',
  '<=',
  '>',
  '>=',
  'IN',
  '+',
  '-',
  '*',
  '/',
  '%',
];

/** Functions that read no clock and ask nobody, with any number of arguments; the last is variadic. */
const functions = [
  'abs',
  'acos',
  'atan2',
  'bitand',
  'bitnot',
  'ceil',
  'chr',
  'endswith',
  'exp',
  'floor',
  'get',
  'get_or_default',
  'indexof',
  'isNull',
  'isUndefined',
  'length',
  'ln',
  'lower',
  'lpad',
  'ltrim',
  'md5',
  'md2',
  'mod',
  'nanvl',
  'numbytes',
  'parse_time',
  'power',
  'regexp_matches',
  'regexp_replace',
  'regexp_substr',
  'replace',
  'round',
  'rpad',
  'rtrim',
  'sha256',
  'sign',
  'sqrt',
  'startswith',
  'substring',
  'time_to_epoch',
  'topic',
  'transform',
  'trim',
  'trunc',
  'upper',
  'clientid',
  'timestamp',
  'newuuid',
  'rand',
  'get_user_properties',
  'get_mqtt_property',
  'concat',
];

const trees = fc.letrec<{
  expression: Expression;
  query: Subselect;
  projection: Projection;
  column: Column;
  when: When;
  member: ObjectMember;
}>(tie => {
  const leaf: fc.Arbitrary<Expression> = fc.oneof(
    fc.record({ kind: fc.constant('number' as const), value: number }),
    fc.record({ kind: fc.constant('string' as const), value: text }),
    fc.record({ kind: fc.constant('boolean' as const), value: fc.boolean() }),
    fc.constant({ kind: 'null' as const }),
    fc.constant({ kind: 'star' as const }),
    fc.record({ kind: fc.constant('field' as const), name }),
  );
  const expression = tie('expression');
  const optional = fc.option(expression, { nil: undefined });
  const list = fc.array(expression, { maxLength: 3 });
  const node: fc.Arbitrary<Expression> = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('binary' as const),
        operator: fc.constantFrom(...operators),
        left: expression,
        right: expression,
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant('call' as const), name: fc.constantFrom(...functions), args: list }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('member' as const), object: expression, name }) },
    fc.record({ kind: fc.constant('cast' as const), value: expression, type: fc.constantFrom(...castTypes) }),
    fc.record({
      kind: fc.constant('case' as const),
      value: expression,
      whens: fc.array(tie('when'), { minLength: 1, maxLength: 2 }),
      otherwise: optional,
    }),
    fc.record({ kind: fc.constant('exists' as const), query: tie('query') }),
    tie('query'),
    fc.record({ kind: fc.constant('not' as const), value: expression }),
    fc.record({ kind: fc.constant('negate' as const), value: expression }),
    fc.record({ kind: fc.constant('object' as const), members: fc.array(tie('member'), { maxLength: 2 }) }),
    fc.record({ kind: fc.constant('array' as const), items: list }),
    expression.map(value => ({
      kind: 'call' as const,
      name: 'encode',
      args: [value, { kind: 'string' as const, value: 'base64' }],
    })),
    expression.map(value => ({
      kind: 'call' as const,
      name: 'decode',
      args: [value, { kind: 'string' as const, value: 'base64' }],
    })),
  );
  return {
    expression: fc.oneof({ depthSize: 'small', withCrossShrink: true }, leaf, node),
    query: fc.record({
      kind: fc.constant('subselect' as const),
      select: tie('projection'),
      source: expression,
      alias: fc.option(name, { nil: undefined }),
      where: optional,
    }),
    projection: fc.oneof(
      fc.record({ kind: fc.constant('value' as const), value: expression }),
      fc.record({
        kind: fc.constant('columns' as const),
        columns: fc.array(tie('column'), { minLength: 1, maxLength: 3 }),
      }),
    ),
    column: fc.oneof(
      fc.record({
        value: expression,
        alias: fc.array(fc.oneof(name, fc.constantFrom('from', 'END')), { minLength: 1, maxLength: 3 }),
      }),
      fc.record({
        value: fc.oneof(
          fc.constant({ kind: 'star' as const }),
          fc.record({ kind: fc.constant('field' as const), name }),
        ),
        alias: fc.constant(undefined),
      }),
    ),
    when: fc.record({ match: expression, result: expression }),
    member: fc.record({ key: text, value: expression }),
  };
});

export const anyExpression: fc.Arbitrary<Expression> = trees.expression;

export const anyStatement: fc.Arbitrary<Statement> = fc.record({
  version: fc.constantFrom('2016-03-23' as const, 'beta' as const),
  variables: fc.uniqueArray(fc.record({ name: fc.constantFrom('a', 'v_1', '9'), value: anyExpression }), {
    selector: ({ name }) => name,
    maxLength: 2,
  }),
  select: trees.projection,
  topicFilter: fc.constantFrom(undefined, 'a/#', "it's/+", '$aws/events/#'),
  where: fc.option(anyExpression, { nil: undefined }),
});
