import { expect, test } from 'vitest';
import { putAll } from './put-all.ts';

/** Puts 1, 2 and 3 to a service that refuses, call by call, the entries named with the codes given. */
async function put(refusals: readonly Readonly<Record<number, string>>[]) {
  const calls: (readonly number[])[] = [];
  const outcome = await putAll([1, 2, 3], 'Put', async entries => {
    const codes = refusals[calls.length] ?? {};
    calls.push(entries);
    const refused = entries.flatMap(entry => (codes[entry] === undefined ? [] : [{ entry, code: codes[entry] }]));
    return { answer: { $metadata: { httpStatusCode: 200 } }, refused };
  }).catch(failure => failure);
  return { calls, outcome };
}

test('what was refused for now is sent again, without the rest', async () => {
  const { calls, outcome } = await put([{ 1: 'ThrottlingException', 3: 'InternalServerError' }, { 3: 'Throttling' }]);
  expect(calls).toEqual([[1, 2, 3], [1, 3], [3]]);
  expect(outcome).toEqual({ $metadata: { httpStatusCode: 200 } });
});

test('what is refused for good fails at once, when the others have had their turn', async () => {
  const { calls, outcome } = await put([{ 1: 'ValidationException', 2: 'ServiceUnavailableException' }]);
  expect(calls).toEqual([[1, 2, 3], [2]]);
  expect(outcome).toMatchObject({ isTransient: false, message: '1 of 3 were not accepted: ValidationException' });
});

test('a call that gets nothing through waits for the next attempt', async () => {
  const all = { 1: 'INTERNAL_FAILURE', 2: 'INTERNAL_FAILURE', 3: 'INTERNAL_FAILURE' };
  expect(await put([all])).toMatchObject({ calls: [[1, 2, 3]], outcome: { isTransient: true } });
});
