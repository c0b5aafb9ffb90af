import { expect, test } from 'vitest';
import { StatementNumbers } from './statement-numbers.ts';

test('a statement has one number, and its text is said once', () => {
  const numbers = new StatementNumbers();
  expect(['a', 'b', 'a'].map(sql => numbers.nameOf(sql))).toEqual([0, 1, 0]);
  expect(numbers.takeUnsaid()).toEqual(['a', 'b']);
  expect(numbers.nameOf('c')).toBe(2);
  expect(numbers.takeUnsaid()).toEqual(['c']);
  expect(numbers.takeUnsaid()).toEqual([]);
});

test('beyond five hundred statements go by their texts', () => {
  const numbers = new StatementNumbers();
  for (let n = 0; n < 500; n++) numbers.nameOf(`select ${n}`);
  expect(numbers.nameOf('select 500')).toBe('select 500');
  expect(numbers.nameOf('select 7')).toBe(7);
  expect(numbers.takeUnsaid()).toHaveLength(500);
});
