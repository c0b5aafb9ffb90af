import { expect, test } from 'vitest';
import { hasMember } from './stored-only.ts';

const rule = { actions: [{ republish: { topic: 't' } }, { s3: { roleArn: 'r', key: undefined } }] };

test.for([
  ['actions', true],
  ['actions.*.*.roleArn', true],
  ['actions.*.s3.roleArn', true],
  ['actions.*.republish.roleArn', false],
  ['actions.*.s3.key', false],
  ['actions.roleArn', false],
  ['errorAction.*.roleArn', false],
  ['actions.*.*.toString', false],
] as const)('whether there is something at `%s`: %s', ([path, there]) => {
  expect(hasMember(rule, path)).toBe(there);
});
