/** docs/reference/configuration.md against the options and limits there are. */
import { readFileSync } from 'node:fs';
import { parsePolicy } from '@thingd/core';
import { expect, test } from 'vitest';
import { configure, fileKey } from './configuration.ts';
import { composeLimits, limitNames, profileNames } from './limits.ts';
import { defaultText, environmentOf, flagOf, type Option, type OptionName, options } from './options.ts';

const page = readFileSync(new URL('../../../../docs/reference/configuration.md', import.meta.url), 'utf8');
const lines = page.split('\n');

/** Cells of the rows between a heading and the next. */
function rowsUnder(heading: string): string[][] {
  const start = lines.indexOf(`## ${heading}`);
  const end = lines.findIndex((line, index) => index > start && line.startsWith('## '));
  return lines
    .slice(start, end < 0 ? undefined : end)
    .filter(line => line.startsWith('| `'))
    .map(line => line.slice(2, -2).split(' | '));
}

const code = (text: string): string => (text === '' ? '' : `\`${text}\``);

function defaultCell(option: Option<unknown>): string {
  const [start, dev] = [defaultText(option, 'start'), defaultText(option, 'dev')];
  return start === dev ? code(start) : `${code(start)} (\`dev\`: ${code(dev) || 'none'})`;
}

test('every option has its row: flag, variable, key of the file, default, and the words of the help', () => {
  const expected = Object.entries(options).map(([key, value]) => {
    const [name, option] = [key as OptionName, value as Option<unknown>];
    const names = [`${flagOf(name)} ${option.placeholder}`, environmentOf(name), fileKey(name)].map(code);
    return [...names, defaultCell(option), option.help];
  });
  expect(rowsUnder('Options')).toEqual(expected);
});

test('every limit has its row, with its value in each profile and what it means', () => {
  const [aws, open, strict] = profileNames.map(name => composeLimits(name, {}));
  const valuesOf = (name: string) =>
    [aws, open, strict].map(limits => String((limits as unknown as Record<string, unknown>)[name]));
  expect(profileNames).toEqual(['aws', 'open', 'strict']);
  const rows = rowsUnder('Limits');
  expect(rows.map(row => row.slice(0, 4))).toEqual(limitNames.map(name => [code(name), ...valuesOf(name)]));
  for (const [name, , , , meaning] of rows) expect(meaning, name).toMatch(/\w{3}/);
});

test('the file shown can be used as it is', () => {
  const [, json = ''] = /```json\n([\s\S]*?)```/.exec(page) ?? [];
  const configuration = configure({ mode: 'start', flags: {}, environment: {}, file: JSON.parse(json) });
  expect(configuration).toMatchObject({ hostname: 'iot.example.com', limits: { maxSubscriptions: 200 } });
  expect(() => parsePolicy(configuration.anonymousPolicy ?? '')).not.toThrow();
});
