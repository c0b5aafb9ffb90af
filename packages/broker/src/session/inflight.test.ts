import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Delivery } from './delivery.ts';
import { Inflight, Owed } from './inflight.ts';

const delivery = (sequence: number): Delivery => ({ sequence }) as Delivery;

test('ids rise, wrap after 65,535, and skip those still in use [MQTT-2.2.1-3]', () => {
  const inflight = new Inflight();
  expect(inflight.open(Owed.puback, undefined)).toBe(1);
  let last = 1;
  for (let id = inflight.open(Owed.puback, undefined); id > last; id = inflight.open(Owed.puback, undefined)) {
    inflight.close(id);
    last = id;
  }
  expect(last).toBeGreaterThan(65_500);
  expect(inflight.owed(1)).toBe(Owed.puback);
  expect(inflight.size).toBe(2);
});

test('every id but one may be in use at once', () => {
  const inflight = new Inflight();
  const ids = new Set<number>();
  for (let i = 0; i < 65_534; i++) ids.add(inflight.open(Owed.pubrec, undefined));
  expect(ids.size).toBe(65_534);
  expect(ids).not.toContain(0);
});

test('an id nobody was given owes nothing', () => {
  const inflight = new Inflight();
  for (const id of [0, 1, 8, 65_535]) expect(inflight.owed(id)).toBe(Owed.nothing);
  inflight.close(3);
  inflight.open(Owed.puback, undefined);
  expect(inflight.owed(9)).toBe(Owed.nothing);
  expect(inflight.size).toBe(1);
});

test('deliveries come back in the order of their sequence, whatever their ids', () => {
  const inflight = new Inflight();
  inflight.restore(9, Owed.puback, delivery(3));
  inflight.restore(1, Owed.pubcomp, delivery(2));
  inflight.restore(65_535, Owed.pubrec, delivery(1));
  inflight.open(Owed.puback, undefined);
  expect(inflight.deliveries().map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
});

test('agrees with a map under any sequence of opening, moving on and closing', () => {
  const action = fc.oneof(
    fc.record({ kind: fc.constant('open' as const), owed: fc.constantFrom(Owed.puback, Owed.pubrec) }),
    fc.record({ kind: fc.constantFrom('close' as const, 'owe' as const), nth: fc.nat(50) }),
    fc.record({ kind: fc.constant('restore' as const), id: fc.integer({ min: 1, max: 65_535 }) }),
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 200 }), actions => {
      const inflight = new Inflight();
      const model = new Map<number, { owed: Owed; delivery: Delivery }>();
      for (const [sequence, one] of actions.entries()) {
        const made = delivery(sequence);
        if (one.kind === 'open') {
          const id = inflight.open(one.owed, made);
          expect(model.has(id)).toBe(false);
          model.set(id, { owed: one.owed, delivery: made });
        } else if (one.kind === 'restore') {
          if (model.has(one.id)) continue;
          inflight.restore(one.id, Owed.puback, made);
          model.set(one.id, { owed: Owed.puback, delivery: made });
        } else {
          const id = [...model.keys()][one.nth];
          if (id === undefined) continue;
          if (one.kind === 'close') {
            inflight.close(id);
            model.delete(id);
          } else {
            inflight.owe(id, Owed.pubcomp);
            model.get(id)!.owed = Owed.pubcomp;
          }
        }
        expect(inflight.size).toBe(model.size);
        for (const [id, { owed, delivery: kept }] of model) {
          expect(inflight.owed(id)).toBe(owed);
          expect(inflight.delivery(id)).toBe(kept);
        }
      }
      expect(new Set(inflight.deliveries())).toEqual(new Set([...model.values()].map(({ delivery: kept }) => kept)));
    }),
  );
});
