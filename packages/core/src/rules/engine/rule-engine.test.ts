import { describe, expect, test } from 'vitest';
import { realm } from '../../testing/domain.ts';
import { ActionFailure } from '../action-runner.ts';
import { type Bench, openBench, settled } from './engine-fixtures.ts';
import { queueLimits } from './rule-queue.ts';

const sql = "SELECT n FROM 'in/+'";

describe('a rule', () => {
  test('takes messages the moment it is created, and no more when it is disabled or deleted', async () => {
    const bench = await openBench();
    await bench.create('r', { sql });
    await bench.publish('in/a', '{"n":1}');
    await bench.rules.setDisabled(realm, 'r', true);
    await bench.publish('in/a', '{"n":2}');
    await bench.rules.setDisabled(realm, 'r', false);
    await bench.publish('in/a', '{"n":3}');
    await bench.rules.delete(realm, 'r');
    await bench.publish('in/a', '{"n":4}');
    await settled();
    expect(bench.target.payloads).toEqual(['{"n":1}', '{"n":3}']);
    expect([...bench.engine.states()]).toEqual([]);
  });

  test('is replaced whole', async () => {
    const bench = await openBench();
    await bench.create('r', { sql });
    await bench.rules.replace(realm, 'r', { sql: "SELECT m FROM 'other'", actions: [{ sns: {} }] });
    await bench.publish('in/a', '{"n":1}');
    await bench.publish('other', '{"m":1}');
    await settled();
    expect(bench.target.payloads).toEqual([]);
    expect(bench.other.payloads).toEqual(['{"m":1}']);
  });

  test('is reached by Basic Ingest whatever its FROM, unless it is disabled', async () => {
    const bench = await openBench();
    await bench.create('r', { sql: "SELECT topic() AS t FROM 'elsewhere'" });
    await bench.publish('$aws/rules/r/a/b', '{}');
    await bench.rules.setDisabled(realm, 'r', true);
    await bench.publish('$aws/rules/r/a/b', '{}');
    await settled();
    expect(bench.target.payloads).toEqual(['{"t":"a/b"}']);
    expect(bench.notRun).toMatchObject([{ event: 'ruleNotFound' }]);
  });

  test('whose evaluation fails runs no action and no error action, and says why', async () => {
    const bench = await openBench();
    await bench.create('r', { sql: "SELECT get_thing_shadow('t', 'role') AS s FROM 'in/+'", errorAction: { sns: {} } });
    await bench.publish('in/a', '{}');
    await settled();
    expect(bench.target.requests).toEqual([]);
    expect(bench.other.requests).toEqual([]);
    expect(bench.notRun).toMatchObject([{ event: 'evaluationFailed', reason: expect.stringContaining('unavailable') }]);
    expect(bench.engine.traces(realm, 'r')!.latest()).toMatchObject([{ passed: false, error: expect.any(String) }]);
  });
});

describe('an action', () => {
  test('that fails for now is tried again, later each time, until it succeeds', async () => {
    const bench = await openBench();
    await bench.create('r', { sql });
    bench.target.failure = { message: 'busy', isTransient: true };
    await bench.publish('in/a', '{"n":1}');
    await settled();
    for (const [delay, attempts] of [
      [200, 2],
      [400, 3],
      [800, 4],
    ] as const) {
      bench.timers.advance(delay - 1);
      await settled();
      expect(bench.target.requests).toHaveLength(attempts - 1);
      bench.timers.advance(1);
      await settled();
      expect(bench.target.requests).toHaveLength(attempts);
    }
    bench.target.failure = undefined;
    bench.timers.advance(1600);
    expect(await bench.stored()).toBe(0);
    const ids = new Set(bench.target.requests.map(({ invocationId }) => invocationId));
    expect(ids.size).toBe(1);
    const [trace] = bench.engine.traces(realm, 'r')!.latest();
    expect(trace!.actions).toMatchObject([{ state: 'succeeded', attemptCount: 5 }]);
  });

  test('is given up after the time for retries, and the error action is told once of all that failed', async () => {
    const bench = await openBench();
    await bench.create('r', { sql, actions: [{ sqs: {} }, { sqs: {} }], errorAction: { sns: {} } });
    bench.target.failure = { message: 'busy', isTransient: true };
    await bench.publish('in/a', '{"n":1}', { clientId: 'd' });
    await settled();
    bench.domain.clock.advance(queueLimits.retryFor);
    bench.timers.advance(200);
    expect(await bench.stored()).toBe(0);
    expect(bench.other.payloads.map(text => JSON.parse(text))).toMatchObject([
      {
        ruleName: 'r',
        topic: 'in/a',
        clientId: 'd',
        base64OriginalPayload: Buffer.from('{"n":1}').toString('base64'),
        failures: [
          { failedAction: 'ScriptedAction', failedResource: 'the target' },
          { failedAction: 'ScriptedAction', errorMessage: expect.stringContaining('busy') },
        ],
      },
    ]);
  });

  test('that is refused does not keep the others from succeeding', async () => {
    const bench = await openBench();
    await bench.create('r', { sql, actions: [{ sqs: {} }, { sns: {} }] });
    bench.target.failure = { message: 'no', isTransient: false };
    await bench.publish('in/a', '{"n":1}');
    expect(await bench.stored()).toBe(0);
    expect(bench.target.requests).toHaveLength(1);
    expect(bench.other.payloads).toEqual(['{"n":1}']);
  });

  test('gets its password, and no trace shows it, also after a restart', async () => {
    const bench = await openBench();
    const login = { user: '${topic(2)}', password: 'pass-${n}' };
    await bench.create('r', { sql, actions: [{ sqs: { login } }], errorAction: { sns: { login } } });
    bench.target.failure = { message: 'away', isTransient: true };
    await bench.publish('in/a', '{"n":1}');
    await settled();
    expect(bench.target.requests[0]!.parameters).toEqual({ login: { user: 'a', password: 'pass-1' } });
    const shown = [{ parameters: { login: { user: 'a', password: '(secret)' } } }];
    expect(bench.engine.traces(realm, 'r')!.latest()).toMatchObject([{ actions: shown }]);
    await bench.engine.close();
    const again = await openBench({ domain: bench.domain });
    again.target.failure = { message: 'no', isTransient: false };
    await settled();
    await settled();
    const [trace] = again.engine.traces(realm, 'r')!.latest();
    expect(trace).toMatchObject({ actions: [...shown, { isErrorAction: true, ...shown[0] }] });
  });

  test('may end at once, beside one that takes time and one that cannot be rendered', async () => {
    const bench = await openBench();
    const unrendered = { to: "${get_thing_shadow('t', 'role')}" };
    await bench.create('r', { sql, actions: [{ sqs: {} }, { sns: {} }, { sqs: unrendered }, { sqs: {} }] });
    bench.target.run = () => ({ request: 'at once' });
    const { promise, resolve } = Promise.withResolvers<void>();
    bench.other.gate = promise;
    for (const qos of [0, 1] as const) await bench.publish('in/a', '{"n":1}', { qos });
    expect([...bench.engine.states()]).toMatchObject([{ live: 2, stored: 1 }]);
    expect(bench.ended).toHaveLength(4);
    resolve();
    expect(await bench.stored()).toBe(0);
    expect([...bench.engine.states()]).toMatchObject([{ live: 0, stored: 0 }]);
    expect(bench.ended).toHaveLength(6);
    const [trace] = bench.engine.traces(realm, 'r')!.latest();
    expect(trace!.actions.map(({ state }) => state)).toEqual(['succeeded', 'succeeded', 'failed', 'succeeded']);
  });

  test('that ends at once is done when the message is', async () => {
    const bench = await openBench();
    await bench.create('r', { sql, errorAction: { sns: {} } });
    bench.target.run = () => {
      throw new ActionFailure('no', { isTransient: false });
    };
    bench.other.run = () => ({ request: 'at once' });
    void bench.publish('in/a', '{"n":1}', { qos: 0 });
    expect([...bench.engine.states()]).toMatchObject([{ live: 0, passed: 1 }]);
    expect(bench.ended).toMatchObject([
      { isErrorAction: false, outcome: { ok: false, error: 'no' } },
      { isErrorAction: true, outcome: { ok: true } },
    ]);
  });

  test('that throws anything else is a bug: told of, and not tried again', async () => {
    const bench = await openBench();
    await bench.create('r', { sql });
    bench.target.gate = Promise.reject(new TypeError('a bug'));
    await bench.publish('in/a', '{"n":1}');
    expect(await bench.stored()).toBe(0);
    expect(bench.failures).toMatchObject([{ name: 'TypeError' }]);
    expect(bench.ended).toMatchObject([{ outcome: { ok: false, error: 'a bug' } }]);
  });
});

describe('traces', () => {
  const publishAll = async (bench: Bench, count: number, payload: string): Promise<void> => {
    for (let n = 0; n < count; n += 1) await bench.publish('in/a', payload, { qos: 0, clientId: String(n) });
    await settled();
  };
  const clientIds = (bench: Bench): string[] =>
    bench.engine
      .traces(realm, 'r')!
      .latest()
      .map(({ clientId }) => clientId!);

  test('show the last messages, those that passed and those that did not', async () => {
    const bench = await openBench();
    await bench.create('r', { sql: "SELECT n FROM 'in/+' WHERE n > 1" });
    await publishAll(bench, 60, '{"n":2}');
    await publishAll(bench, 20, '{"n":1}');
    const traces = bench.engine.traces(realm, 'r')!.latest();
    expect(traces.filter(({ passed }) => passed)).toHaveLength(50);
    expect(traces.filter(({ passed }) => !passed)).toHaveLength(10);
    expect(clientIds(bench)).toEqual(expect.arrayContaining(['10', '59', '19']));
  });

  test('show the newest first, also of those that came within a millisecond', async () => {
    const bench = await openBench();
    await bench.create('r', { sql });
    await publishAll(bench, 3, '{"n":1}');
    bench.domain.clock.advance(1);
    await publishAll(bench, 1, '{"n":1}');
    expect(clientIds(bench)).toEqual(['0', '2', '1', '0']);
  });

  test('are of a thousand messages a second, and of all while somebody watches', async () => {
    const bench = await openBench();
    await bench.create('r', { sql, actions: [] });
    await publishAll(bench, 1100, '{"n":1}');
    expect(clientIds(bench)).toEqual(expect.arrayContaining(['950', '999']));
    const stop = bench.engine.traces(realm, 'r')!.listen(() => {});
    await publishAll(bench, 1, '{"n":1}');
    expect(clientIds(bench)).toContain('0');
    stop();
    await bench.publish('in/a', '{"n":1}', { clientId: 'unseen' });
    bench.domain.clock.advance(1000);
    await bench.publish('in/a', '{"n":1}', { clientId: 'seen' });
    expect(clientIds(bench)).toContain('seen');
    expect(clientIds(bench)).not.toContain('unseen');
  });

  test('are of every message in trouble, however many come', async () => {
    const bench = await openBench({ limits: { ...queueLimits, live: 2000 } });
    await bench.create('r', { sql });
    await publishAll(bench, 1100, '{"n":1}');
    bench.target.failure = { message: 'away', isTransient: true };
    await bench.publish('in/a', '{"n":1}', { clientId: 'unlucky' });
    await settled();
    expect(bench.engine.traces(realm, 'r')!.latest()).toContainEqual(
      expect.objectContaining({
        clientId: 'unlucky',
        output: '{"n":1}',
        actions: [expect.objectContaining({ state: 'retrying', attemptCount: 1, error: 'away' })],
      }),
    );
  });
});

describe('the queue', () => {
  const limits = { ...queueLimits, live: 10 };

  test('holds so many messages in memory, keeps the rest in the store, and loses none at QoS 1', async () => {
    const bench = await openBench({ limits });
    await bench.create('r', { sql });
    bench.target.failure = { message: 'away', isTransient: true };
    for (let n = 0; n < 250; n += 1) await bench.publish('in/a', `{"n":${n}}`);
    expect([...bench.engine.states()]).toMatchObject([{ live: 10, stored: 250 }]);
    expect(await bench.stored()).toBe(250);
    bench.target.failure = undefined;
    bench.target.requests.length = 0;
    bench.timers.advance(60_000);
    for (let turn = 0; turn < 500 && bench.target.requests.length < 250; turn += 1) await settled();
    const expected = Array.from({ length: 250 }, (_, n) => `{"n":${n}}`);
    expect(bench.target.payloads.toSorted()).toEqual(expected.toSorted());
    expect(await bench.stored()).toBe(0);
    expect([...bench.engine.states()]).toMatchObject([{ live: 0, stored: 0 }]);
  });

  test('drops messages at QoS 0 when it is full, and counts them', async () => {
    const bench = await openBench({ limits });
    await bench.create('r', { sql });
    bench.target.failure = { message: 'away', isTransient: true };
    for (let n = 0; n < 15; n += 1) await bench.publish('in/a', `{"n":${n}}`, { qos: 0 });
    expect([...bench.engine.states()]).toMatchObject([{ live: 10, stored: 0, dropped: 5 }]);
    expect(bench.notRun).toHaveLength(5);
  });

  test('refuses what it can keep no more of', async () => {
    const bench = await openBench({ limits: { ...limits, stored: 3 } });
    await bench.create('r', { sql });
    bench.target.failure = { message: 'away', isTransient: true };
    for (let n = 0; n < 3; n += 1) await bench.publish('in/a', '{}');
    await expect(bench.publish('in/a', '{}')).rejects.toThrow('takes no more');
  });

  test('goes on after a restart where it was: what has ended is not repeated, what has not is as it was rendered', async () => {
    const bench = await openBench({ limits });
    await bench.create('r', {
      sql: "SELECT newuuid() AS id FROM 'in/+'",
      actions: [{ sqs: { key: '${newuuid()}' } }, { sns: {} }],
    });
    bench.target.failure = { message: 'away', isTransient: true };
    for (let n = 0; n < 20; n += 1) await bench.publish('in/a', '{}');
    expect(await bench.stored()).toBe(20);
    const told = bench.other.payloads.length;
    expect(told).toBe(10);
    const before = bench.target.requests.map(({ parameters, payload }) => `${parameters.key} ${payload}`);
    await bench.engine.close();

    const again = await openBench({ domain: bench.domain, limits });
    for (let turn = 0; turn < 100; turn += 1) await settled();
    expect(again.target.requests).toHaveLength(20);
    expect(again.other.requests).toHaveLength(20 - told);
    const after = again.target.requests.map(({ parameters, payload }) => `${parameters.key} ${payload}`);
    expect(after).toEqual(expect.arrayContaining(before));
    expect(await again.stored()).toBe(0);
  });

  test('goes on with what a deleted rule has taken', async () => {
    const bench = await openBench();
    await bench.create('r', { sql });
    bench.target.failure = { message: 'away', isTransient: true };
    await bench.publish('in/a', '{"n":1}');
    await settled();
    await bench.rules.delete(realm, 'r');
    await bench.engine.close();
    const again = await openBench({ domain: bench.domain });
    await settled();
    expect(again.target.payloads).toEqual(['{"n":1}']);
  });
});
