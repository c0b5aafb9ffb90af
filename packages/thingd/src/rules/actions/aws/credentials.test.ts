import { expect, test } from 'vitest';
import { keptUntilExpiry, type SigningIdentity } from './credentials.ts';

const clockAt = (start: number) => {
  const clock = { time: start, now: () => clock.time };
  return clock;
};

test('credentials are asked for once until five minutes before they expire', async () => {
  const clock = clockAt(0);
  let asked = 0;
  const kept = keptUntilExpiry(async (): Promise<SigningIdentity> => {
    asked += 1;
    return { accessKeyId: `key-${asked}`, secretAccessKey: 's', expiration: new Date(clock.time + 3600_000) };
  }, clock);
  expect((await Promise.all([kept(), kept()])).map(({ accessKeyId }) => accessKeyId)).toEqual(['key-1', 'key-1']);
  clock.time = 55 * 60_000 - 1;
  expect((await kept()).accessKeyId).toBe('key-1');
  clock.time += 1;
  expect((await kept()).accessKeyId).toBe('key-2');
});

test('after a failure they are asked for again', async () => {
  let asked = 0;
  const kept = keptUntilExpiry(async () => {
    asked += 1;
    if (asked === 1) throw new Error('STS is away');
    return { accessKeyId: 'key', secretAccessKey: 's' };
  }, clockAt(0));
  await expect(kept()).rejects.toThrow('STS is away');
  expect((await kept()).accessKeyId).toBe('key');
});
