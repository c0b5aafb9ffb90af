import { expect, test } from 'vitest';
import { asksFor } from './stored-only.ts';

const input = {
  actions: [{ republish: { topic: 't' } }, { s3: { roleArn: 'r', key: undefined } }],
  mode: 'OFF',
  jobs: { Enabled: false },
  things: { Enabled: true },
  tags: 'ON',
};

test.for([
  ['actions', true],
  ['actions.*.*.roleArn', true],
  ['actions.*.s3.roleArn', true],
  ['actions.*.republish.roleArn', false],
  ['actions.*.s3.key', false],
  ['actions.roleArn', false],
  ['errorAction.*.roleArn', false],
  ['actions.*.*.toString', false],
  ['mode', false],
  ['jobs', false],
  ['things', true],
  ['tags', true],
] as const)('whether something is asked for at `%s`, and not only switched off: %s', ([path, asked]) => {
  expect(asksFor(input, path)).toBe(asked);
});
