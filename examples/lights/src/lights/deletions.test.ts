import { expect, test } from 'vitest';
import { backoff, Deletions } from './deletions.ts';
import { Store } from './store.ts';

function setUp(remove: (id: string, certificateId: string | undefined) => Promise<void>) {
  const clock = { now: 0 };
  const store = new Store(':memory:');
  const failures: string[] = [];
  const deletions = new Deletions({ store, fleet: { remove }, now: () => clock.now, failed: id => failures.push(id) });
  const ownerId = store.ownerId('issuer', 'hanako');
  const add = (id: string) => {
    store.begin({ id, ownerId, name: id }, 1_000);
    store.setCertificate(id, `certificate of ${id}`);
  };
  return { clock, store, failures, deletions, add };
}

test('what is due is removed with its certificate, and forgotten', async () => {
  const removed: unknown[] = [];
  const { clock, store, deletions, add } = setUp(async (...light) => void removed.push(light));
  add('a');
  add('b');
  store.finish('b');
  clock.now = 1_000;
  await deletions.runDue();
  expect(removed).toEqual([['a', 'certificate of a']]);
  expect(store.nextDeletion()).toBeUndefined();
  expect(store.light('b')).toBeDefined();
});

test('what fails is tried again, ever later, without holding up the rest', async () => {
  const attempts: string[] = [];
  let broken = true;
  const { clock, store, failures, deletions, add } = setUp(async id => {
    attempts.push(id);
    if (id === 'a' && broken) throw new Error('no connection');
  });
  add('a');
  add('b');
  clock.now = 1_000;
  await deletions.runDue();
  expect(attempts).toEqual(['a', 'b']);
  expect(store.nextDeletion()).toBe(clock.now + backoff(0));
  clock.now = store.nextDeletion()!;
  await deletions.runDue();
  expect(store.nextDeletion()).toBe(clock.now + backoff(1));
  expect(failures).toEqual(['a', 'a']);
  broken = false;
  clock.now = store.nextDeletion()!;
  await deletions.runDue();
  expect(store.nextDeletion()).toBeUndefined();
});

test('the pause doubles from a second to an hour', () => {
  expect([0, 1, 2, 11, 12, 60].map(backoff)).toEqual([1_000, 2_000, 4_000, 2_048_000, 3_600_000, 3_600_000]);
});
