import { expect, test } from 'vitest';
import { allow, any, bind, deny, realm } from './fixtures.ts';
import { decideReceive } from './receive.ts';

const plain = any('topic/t');
const shared = any('topic/$share/g/t');

test.each([
  ['plain alone', [allow('iot:Receive', plain)], 'allowed', 'allowed'],
  ['shared alone', [allow('iot:Receive', shared)], 'implicitDeny', 'allowed'],
  ['both', [allow('iot:Receive', [plain, shared])], 'allowed', 'allowed'],
  ['neither', [allow('iot:Receive', any('topic/$share/other/t'))], 'implicitDeny', 'implicitDeny'],
  ['shared, plain denied', [allow('iot:Receive', shared), deny('iot:Receive', plain)], 'explicitDeny', 'explicitDeny'],
  ['plain, shared denied', [allow('iot:Receive', plain), deny('iot:Receive', shared)], 'allowed', 'explicitDeny'],
])('with %s granted', (_, statements, withoutShare, withShare) => {
  const bound = bind(statements);
  expect(decideReceive(bound, realm, 't')).toBe(withoutShare);
  expect(decideReceive(bound, realm, 't', 'g')).toBe(withShare);
});
