import { expect, test } from 'vitest';
import { Slots } from './slots.ts';

test('so many have their turn at once, the others in the order they came, and no more wait than may', async () => {
  const slots = new Slots(2, 2);
  const turns: number[] = [];
  const take = (n: number) => slots.take().then(() => turns.push(n));
  await Promise.all([take(1), take(2)]);
  const waiting = [take(3), take(4)];
  await expect(slots.take()).rejects.toMatchObject({ isTransient: true });
  expect(turns).toEqual([1, 2]);
  slots.release();
  await waiting[0];
  expect(turns).toEqual([1, 2, 3]);
  slots.close(new Error('gone'));
  await expect(waiting[1]).rejects.toThrow('gone');
  await expect(slots.take()).rejects.toThrow('gone');
});
