import { beforeEach, describe, expect, test } from 'vitest';
import type { Query, Store } from '../store/store.ts';
import { equalInConstantTime } from './access-key.ts';
import { AccessKeys } from './access-key-service.ts';
import { testDomain } from './domain-fixtures.ts';

const accountId = '111111111111';
let keys: AccessKeys;
let reads: number;
let clock: { advance(milliseconds: number): void };

beforeEach(async () => {
  const domain = await testDomain();
  reads = 0;
  const counting: Store = {
    dialect: domain.store.dialect,
    commit: writes => domain.store.commit(writes),
    all: <R>(query: Query) => {
      reads++;
      return domain.store.all<R>(query);
    },
  };
  clock = domain.clock;
  keys = new AccessKeys({ store: counting, clock: domain.clock });
});

describe('a new key', () => {
  test('has an id and a secret of the shapes AWS gives them, and may do everything', async () => {
    const key = await keys.create({ accountId });
    expect(key.accessKeyId).toMatch(/^AKIA[A-Z2-7]{16}$/);
    expect(key.secretAccessKey).toMatch(/^[A-Za-z0-9+/]{40}$/);
    expect(JSON.parse(key.policyDocument).Statement).toEqual([{ Effect: 'Allow', Action: 'iot:*', Resource: '*' }]);
  });

  test('is found by its id, with its secret and account', async () => {
    const key = await keys.create({ accountId });
    expect(await keys.find(key.accessKeyId)).toEqual(key);
  });

  test('is limited by the policy it is given', async () => {
    const limited = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:List*","Resource":"*"}]}';
    expect((await keys.create({ accountId, policyDocument: limited })).policyDocument).toBe(limited);
    await expect(keys.create({ accountId, policyDocument: '{' })).rejects.toMatchObject({
      name: 'MalformedPolicyException',
    });
  });

  test('is refused for an account id that is not twelve digits', async () => {
    await expect(keys.create({ accountId: '42' })).rejects.toMatchObject({ name: 'InvalidRequestException' });
  });
});

describe('finding a key', () => {
  test('reads the store once while it is fresh, and again when it is not', async () => {
    const { accessKeyId } = await keys.create({ accountId });
    for (let call = 0; call < 3; call++) await keys.find(accessKeyId);
    expect(reads).toBe(1);
    clock.advance(5_000);
    await keys.find(accessKeyId);
    expect(reads).toBe(2);
  });

  test('that does not exist answers nothing and keeps nothing', async () => {
    expect([await keys.find('AKIANOBODY'), await keys.find('AKIANOBODY')]).toEqual([undefined, undefined]);
    expect(reads).toBe(2);
  });
});

describe('deleting a key', () => {
  test('takes effect at once, though it was in memory', async () => {
    const { accessKeyId } = await keys.create({ accountId });
    await keys.find(accessKeyId);
    await keys.delete(accessKeyId);
    expect(await keys.find(accessKeyId)).toBeUndefined();
  });

  test('takes effect even on a key being read at that moment', async () => {
    const { accessKeyId } = await keys.create({ accountId });
    await Promise.all([keys.find(accessKeyId), keys.delete(accessKeyId)]);
    expect(await keys.find(accessKeyId)).toBeUndefined();
  });

  test('that does not exist is ResourceNotFoundException', async () => {
    await expect(keys.delete('AKIANOBODY')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});

test('keys are listed by account, page by page', async () => {
  const mine = [await keys.create({ accountId }), await keys.create({ accountId }), await keys.create({ accountId })];
  await keys.create({ accountId: '222222222222' });
  const first = await keys.list({ maxResults: 2 }, accountId);
  const second = await keys.list({ maxResults: 2, nextToken: first.nextToken }, accountId);
  const ids = [...first.items, ...second.items].map(key => key.accessKeyId);
  expect(ids).toEqual(mine.map(key => key.accessKeyId).sort());
  expect(second.nextToken).toBeUndefined();
  expect((await keys.list()).items).toHaveLength(4);
});

test.each([
  ['same', 'same', true],
  ['same', 'sane', false],
  ['same', 'samea', false],
  ['', '', true],
  ['ä', 'a', false],
])('comparing `%s` with `%s` in constant time says %s', (one, other, equal) => {
  expect(equalInConstantTime(one, other)).toBe(equal);
});
