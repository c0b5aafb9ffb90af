import { expect, test } from 'vitest';
import { retryStale } from './retry.ts';
import { DuplicateKey, StaleWrite } from './store.ts';

test('a use-case that met a stale read or a duplicate key starts over', async () => {
  const failures: Error[] = [new StaleWrite(), new DuplicateKey(), new StaleWrite()];
  const result = await retryStale(async () => {
    const failure = failures.shift();
    if (failure) throw failure;
    return 'done';
  });
  expect(result).toBe('done');
});

test('any other error ends it', async () => {
  let attempts = 0;
  const useCase = async () => {
    attempts++;
    throw new TypeError('ours');
  };
  await expect(retryStale(useCase)).rejects.toThrow('ours');
  expect(attempts).toBe(1);
});

test('a use-case that never gets through gives up with an error its caller can retry', async () => {
  await expect(retryStale(() => Promise.reject(new StaleWrite()))).rejects.toMatchObject({
    name: 'ServiceUnavailableException',
  });
});
