import { expect, test } from 'vitest';
import { Rounds } from './rounds.ts';

test('what comes during a round is the next one’s, and that is one for all who ask', async () => {
  let due: string[] = [];
  const done: string[] = [];
  const gates: (() => void)[] = [];
  const rounds = new Rounds(
    () => due.length > 0,
    async () => {
      const taken = due;
      due = [];
      await new Promise<void>(resolve => gates.push(resolve));
      done.push(taken.join());
    },
  );
  await rounds.settle();
  expect(gates).toHaveLength(0);
  due.push('a');
  const first = rounds.settle();
  await expect.poll(() => gates.length).toBe(1);
  due.push('b');
  const second = rounds.settle();
  due.push('c');
  const third = rounds.settle();
  gates[0]!();
  await first;
  expect(done).toEqual(['a']);
  await expect.poll(() => gates.length).toBe(2);
  gates[1]!();
  await Promise.all([second, third]);
  expect(done).toEqual(['a', 'b,c']);
});
