import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ManualTimers } from '../../testing/timers.ts';
import { Gatherer } from './gatherer.ts';

interface Item {
  readonly key: string;
  readonly count: number;
  readonly bytes: number;
  readonly at: number;
}

const step = fc.record({
  key: fc.constantFrom('a', 'b', 'c'),
  count: fc.integer({ min: 1, max: 6 }),
  bytes: fc.integer({ min: 0, max: 300 }),
  /** Milliseconds before it comes. */
  pause: fc.nat({ max: 30 }),
});
const bounds = fc.record({
  openMs: fc.integer({ min: 5, max: 50 }),
  count: fc.integer({ min: 1, max: 10 }),
  bytes: fc.integer({ min: 100, max: 500 }),
  acrossTopics: fc.constant(false),
});

test('every item is sent once, in order, with its own kind, within the bounds and in time', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), bounds, (steps, limits) => {
      const timers = new ManualTimers();
      let now = 0;
      const sent: { readonly items: readonly Item[]; readonly at: number }[] = [];
      const gatherer = new Gatherer<Item>(timers, items => sent.push({ items, at: now }));
      const pass = (milliseconds: number): void => {
        for (let passed = 0; passed < milliseconds; passed += 1) {
          now += 1;
          timers.advance(1);
        }
      };
      const items = steps.map(({ pause, ...rest }) => {
        pass(pause);
        const item = { ...rest, at: now };
        gatherer.add(item, rest, limits);
        return item;
      });
      pass(limits.openMs);
      for (const key of ['a', 'b', 'c']) {
        const ofKey = sent.flatMap(batch => batch.items).filter(item => item.key === key);
        expect(ofKey).toEqual(items.filter(item => item.key === key));
      }
      for (const { items: batch, at } of sent) {
        expect(new Set(batch.map(({ key }) => key)).size).toBe(1);
        for (const item of batch) expect(at - item.at).toBeLessThanOrEqual(limits.openMs);
        if (batch.length === 1) continue;
        expect(batch.reduce((sum, { count }) => sum + count, 0)).toBeLessThanOrEqual(limits.count);
        expect(batch.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(limits.bytes);
      }
    }),
  );
});

test('one that is closed sends nothing more', () => {
  const timers = new ManualTimers();
  const sent: (readonly string[])[] = [];
  const gatherer = new Gatherer<string>(timers, items => sent.push(items));
  const limits = { openMs: 20, count: 10, bytes: 1000, acrossTopics: false };
  gatherer.add('kept back', { key: '', count: 1, bytes: 1 }, limits);
  gatherer.close();
  timers.advance(100);
  expect(sent).toEqual([]);
});
