/** Columns whose names meet. What is in the payload is never written to. */
import { describe, expect, test } from 'vitest';
import { contextWith, messageOf, run } from '../fixtures.ts';
import { compileStatement, parseStatement } from '../index.ts';

const payload = { a: 1, b: 2, o: { k: 1, deep: { k: 1 } } };

describe('columns', () => {
  test.each([
    ['a AS x.y, b AS x.z', '{"x":{"y":1,"z":2}}'],
    ['missing AS x.y, b AS x.z', '{"x":{"z":2}}'],
    ['missing AS x.y, missing AS x.z', '{}'],
    ['a AS x.y.z, b AS x.z, a AS x.y.w', '{"x":{"y":{"z":1,"w":1},"z":2}}'],
    ['a AS x, b AS x', '{"x":2}'],
    ['a AS x, missing AS x', '{"x":1}'],
    ['a AS x, b AS x.y', '{"x":{"y":2}}'],
    ['a AS x.y, b AS x', '{"x":2}'],
    ['a AS x.y, b AS x, a AS x.z', '{"x":{"z":1}}'],
    ['a AS x.y, missing AS x, b AS x.z', '{"x":{"y":1,"z":2}}'],
    ['o AS x, a AS x.y', '{"x":{"k":1,"deep":{"k":1},"y":1}}'],
    ['o AS x, a AS x.deep.y, b AS x.deep.z', '{"x":{"k":1,"deep":{"k":1,"y":1,"z":2}}}'],
    ['*, a AS o.y', '{"a":1,"b":2,"o":{"k":1,"deep":{"k":1},"y":1}}'],
    ['a AS o.y, *', '{"o":{"k":1,"deep":{"k":1}},"a":1,"b":2}'],
    ['a AS o.y, *, b AS o.z', '{"o":{"k":1,"deep":{"k":1},"z":2},"a":1,"b":2}'],
    ['a AS __proto__', '{"__proto__":1}'],
    ['a AS __proto__.x, b AS __proto__.y', '{"__proto__":{"x":1,"y":2}}'],
    ['a AS constructor.x, b AS constructor.y', '{"constructor":{"x":1,"y":2}}'],
  ])('SELECT %s', (columns, output) => {
    const statement = compileStatement(parseStatement(`SELECT ${columns} FROM 'a'`, '2016-03-23'));
    const message = messageOf(payload);
    expect(statement.evaluate(message, contextWith())).toMatchObject({ matched: true });
    expect(message.body('2016-03-23')).toEqual(payload);
    expect(run(`SELECT ${columns} FROM 'a'`, payload)).toBe(output);
  });
});
