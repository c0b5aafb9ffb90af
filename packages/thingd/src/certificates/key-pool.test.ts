import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { type KeyPair, KeyPool, type KeyPoolOptions } from './key-pool.ts';

/** A generator whose pairs come when the test says so. */
function heldGenerator() {
  const pending: { resolve(pair: KeyPair): void; reject(error: Error): void }[] = [];
  return {
    asked: 0,
    mostAtOnce: 0,
    generate(): Promise<KeyPair> {
      this.asked++;
      const promise = new Promise<KeyPair>((resolve, reject) => pending.push({ resolve, reject }));
      this.mostAtOnce = Math.max(this.mostAtOnce, pending.length);
      return promise;
    },
    async finish(): Promise<KeyPair> {
      const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      pending.shift()!.resolve(pair);
      await settle();
      return pair;
    },
    async fail(): Promise<void> {
      pending.shift()!.reject(new Error('no entropy'));
      await settle();
    },
  };
}

const settle = () => new Promise(resolve => setImmediate(resolve));

function pool(options: KeyPoolOptions) {
  const generator = heldGenerator();
  return { generator, keys: new KeyPool({ ...options, generate: () => generator.generate() }) };
}

test('as many pairs as asked for are made ahead, one at a time, and then no more', async () => {
  const { generator } = pool({ ready: 2 });
  await generator.finish();
  await generator.finish();
  expect([generator.asked, generator.mostAtOnce]).toEqual([2, 1]);
});

test('a pair that is ready is given at once, and another is made in its place', async () => {
  const { generator, keys } = pool({ ready: 1 });
  const ready = await generator.finish();
  expect(await keys.take()).toBe(ready);
  expect(generator.asked).toBe(2);
});

test('those who ask together get different pairs, in the order asked, made one after the other', async () => {
  const { generator, keys } = pool({ ready: 0 });
  const taken = [keys.take(), keys.take(), keys.take()];
  const made = [await generator.finish(), await generator.finish(), await generator.finish()];
  expect(await Promise.all(taken)).toEqual(made);
  expect(new Set(made).size).toBe(3);
  expect(generator.mostAtOnce).toBe(1);
});

test('who asks while too many wait is refused, and the others still get theirs', async () => {
  const { generator, keys } = pool({ ready: 0, maximumWaiting: 1 });
  const waiting = keys.take();
  await expect(keys.take()).rejects.toMatchObject({ name: 'ThrottlingException' });
  expect(await generator.finish()).toBe(await waiting);
});

test('a failure reaches who waits, and the next one asked is tried again', async () => {
  const { generator, keys } = pool({ ready: 0 });
  const first = expect(keys.take()).rejects.toThrow('no entropy');
  await generator.fail();
  await first;
  const second = keys.take();
  expect(await generator.finish()).toBe(await second);
});

test('a failure with nobody waiting is not tried again until somebody asks', async () => {
  const { generator, keys } = pool({ ready: 2 });
  await generator.fail();
  expect(generator.asked).toBe(1);
  const asked = keys.take();
  expect(await generator.finish()).toBe(await asked);
  await generator.finish();
  await generator.finish();
  expect(generator.asked).toBe(4); // the pool fills again after a success
});

test('a closed pool makes no pairs ahead', async () => {
  const { generator, keys } = pool({ ready: 2 });
  keys.close();
  await generator.finish();
  expect(generator.asked).toBe(1);
});

test('pairs are RSA of 2048 bits unless told otherwise', async () => {
  const { privateKey } = await new KeyPool({ ready: 0 }).take();
  expect([privateKey.asymmetricKeyType, privateKey.asymmetricKeyDetails?.modulusLength]).toEqual(['rsa', 2048]);
});
