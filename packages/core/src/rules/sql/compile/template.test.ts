/** Substitution templates: text with expressions in it. */
import { describe, expect, test } from 'vitest';
import { contextWith, messageOf, render } from '../fixtures.ts';
import { compileStatement, compileTemplate, EvaluationError, parseStatement } from '../index.ts';

const payload = { n: 7, s: 'x', o: { k: [1] }, nothing: null, site: 'eu' };

describe('templates', () => {
  test.each([
    ['plain', 'plain'],
    ['', ''],
    ['lab/${topic(2)}/out', 'lab/b/out'],
    ['${s}${n}', 'x7'],
    ['a $ b {n} $${n}', 'a $ b {n} $7'],
    ['iphone6-location-${timestamp()}', 'iphone6-location-1700000000123'],
    ['${n / 2}', '3.5'],
    ['${true}', 'true'],
    ['${o}', '{"k":[1]}'],
    ['${o.k}', '[1]'],
    ['[${missing}]', '[]'],
    ['[${nothing}]', '[null]'],
    ["${'}'}", '}'],
    ["${{'a': {'b': 1}}.a.b}", '1'],
    ["${CASE site WHEN 'eu' THEN 'q-eu' ELSE 'q-us' END}", 'q-eu'],
    ['${get((SELECT VALUE * FROM o.k), 0)}', '1'],
    ['${ n }', '7'],
    ['${12345678901234567890}', '12345678901234567890'],
  ])('%s renders to %s', (template, text) => {
    expect(render(template, payload)).toBe(text);
  });

  test('of a payload that is no JSON show what they can', () => {
    expect(render('${n}/${topic(1)}', 'plain')).toBe('/a');
  });

  test('say whether there is anything to substitute', () => {
    expect(compileTemplate('plain', '2016-03-23').isConstant).toBe(true);
    expect(compileTemplate('${n}', '2016-03-23').isConstant).toBe(false);
  });

  test('see the variables of the statement, not its columns', () => {
    const statement = compileStatement(parseStatement("SET @k = n * 2 SELECT n AS renamed FROM 'a'", '2016-03-23'));
    const result = statement.evaluate(messageOf(payload), contextWith());
    if (result instanceof Promise) throw new Error('nothing in it takes time');
    const template = compileTemplate('${@k}/${renamed}/${n}', '2016-03-23', statement.variables);
    expect(template.render(messageOf(payload), contextWith(), result.variables)).toBe('14//7');
  });

  test('that ask services render later', async () => {
    const template = compileTemplate("${get_thing_shadow('t', 'r').state}!", '2016-03-23');
    const context = contextWith({ getThingShadow: async () => '{"state":"on"}' });
    expect(template.isAsynchronous).toBe(true);
    expect(await template.render(messageOf({}), context)).toBe('on!');
    await expect(template.render(messageOf({}), contextWith())).rejects.toThrow(EvaluationError);
  });

  test('keep the zeros of 2015-10-08', () => {
    expect(render('${n}', '{"n":5.0}', { version: '2015-10-08' })).toBe('5.0');
    expect(render('${n}', '{"n":5.0}')).toBe('5');
  });
});
