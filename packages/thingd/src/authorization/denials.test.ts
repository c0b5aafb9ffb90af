import { bindPolicies, connectionContext } from '@thingd/core';
import { expect, test } from 'vitest';
import { createLog } from '../observability/index.ts';
import { Denials } from './denials.ts';

const nothing = bindPolicies([], connectionContext({ now: () => 0 }));

function open() {
  const clock = { time: 1_000_000, now: () => clock.time };
  const lines: Record<string, unknown>[] = [];
  const denials = new Denials(createLog('info', { write: line => lines.push(JSON.parse(line)) }), clock);
  const deny = (clientId: string) => {
    const denied = { realm: 'r', principal: 'p', clientId, action: 'iot:Publish', resource: 'a' };
    denials.record(denied, () => nothing.explain('iot:Publish', 'a'));
  };
  return { clock, lines, denials, deny };
}

test('the latest denials come first, and only so many are kept', () => {
  const { clock, denials, deny } = open();
  for (let index = 0; index < 1200; index++) {
    clock.time += 1000;
    deny(`c${index}`);
  }
  const latest = denials.latest();
  expect(latest).toHaveLength(1000);
  expect(latest[0]).toMatchObject({ clientId: 'c1199', at: clock.time });
  expect(latest.at(-1)).toMatchObject({ clientId: 'c200' });
});

test('a client that is denied in a loop is explained a few times a second, and counted beyond', () => {
  const { clock, lines, denials, deny } = open();
  for (let index = 0; index < 1000; index++) deny('loop');
  expect(denials.latest()).toHaveLength(50);
  expect(lines).toHaveLength(50);
  clock.time += 1000;
  deny('loop');
  expect(lines.slice(50)).toMatchObject([{ event: 'denials.unexplained', count: 950 }, { event: 'publish.denied' }]);
});
