import { expect, test } from 'vitest';
import { asksFor } from './stored-only.ts';

const rule = { actions: [{ republish: { topic: 't' } }, { s3: { roleArn: 'r', key: undefined } }] };

const settings = { mode: 'OFF', jobs: { Enabled: false }, things: { Enabled: true }, tags: 'ON' };

test.for([
  ['actions', true],
  ['actions.*.*.roleArn', true],
  ['actions.*.s3.roleArn', true],
  ['actions.*.republish.roleArn', false],
  ['actions.*.s3.key', false],
  ['actions.roleArn', false],
  ['errorAction.*.roleArn', false],
  ['actions.*.*.toString', false],
] as const)('whether something is asked for at `%s`: %s', ([path, there]) => {
  expect(asksFor(rule, path)).toBe(there);
});

test.for([
  ['mode', false],
  ['jobs', false],
  ['things', true],
  ['tags', true],
] as const)('who switches something off does not ask for it: `%s`: %s', ([path, asks]) => {
  expect(asksFor(settings, path)).toBe(asks);
});
