import { expect, test } from 'vitest';
import { parseFunctionFile } from './function-file.ts';

test.each([
  ['./chat.js', { path: './chat.js', handler: 'handler', language: 'node' }],
  ['chat.ts:answer', { path: 'chat.ts', handler: 'answer', language: 'node' }],
  ['./a:b/chat.mjs', { path: './a:b/chat.mjs', handler: 'handler', language: 'node' }],
  ['/srv/chat.py', { path: '/srv/chat.py', handler: 'lambda_handler', language: 'python' }],
  ['chat.py:antworte_für', { path: 'chat.py', handler: 'antworte_für', language: 'python' }],
  ['chat.sh', undefined],
  ['chat.py:', undefined],
  ['chat.py:not a name', undefined],
  ['.py', undefined],
])('%s', (text, file) => {
  expect(parseFunctionFile(text)).toEqual(file);
});
