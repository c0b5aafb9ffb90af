import { describe, expect, test } from 'vitest';
import { realm } from '../../testing/domain.ts';
import { openBench, settled } from './engine-fixtures.ts';
import { queueLimits } from './rule-queue.ts';

const sql = "SELECT n FROM 'in/+'";
const batch = { openMs: 20, count: 3, bytes: 100, acrossTopics: false };
const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('an action that batches', () => {
  test('goes to its target once for as many messages as the batch may have', async () => {
    const bench = await openBench();
    await bench.create('r', { sql, actions: [{ sqs: { batch } }] });
    for (let n = 0; n < 4; n += 1) await bench.publish('in/a', `{"n":${n}}`);
    await settled();
    expect(bench.target.calls).toEqual([['{"n":0}', '{"n":1}', '{"n":2}']]);
    bench.timers.advance(20);
    await settled();
    expect(bench.target.calls[1]).toEqual(['{"n":3}']);
    expect(await bench.stored()).toBe(0);
    expect(bench.ended).toHaveLength(4);
  });

  test('keeps messages of different topics and to different places apart, unless topics may mix', async () => {
    const bench = await openBench();
    const to = '${to}';
    await bench.create('r', {
      sql,
      actions: [{ sqs: { batch, to } }, { sns: { batch: { ...batch, acrossTopics: true } } }],
    });
    await bench.publish('in/a', '{"n":1,"to":"x"}');
    await bench.publish('in/a', '{"n":2,"to":"y"}');
    await bench.publish('in/b', '{"n":3,"to":"x"}');
    bench.timers.advance(20);
    await settled();
    expect(bench.target.calls).toEqual([['{"n":1}'], ['{"n":2}'], ['{"n":3}']]);
    expect(bench.other.calls).toEqual([['{"n":1}', '{"n":2}', '{"n":3}']]);
  });

  test('gets its secrets too, and no trace shows them', async () => {
    const bench = await openBench({ services: { getSecret: async () => ({ secretString: 'sesame' }) } });
    const token = "Bearer ${get_secret('token', 'SecretString', 'role')} ${n}";
    await bench.create('r', { sql, actions: [{ sqs: { batch, token } }] });
    bench.target.failure = { message: 'Bearer sesame 1 is refused', isTransient: false };
    for (let n = 0; n < 3; n += 1) await bench.publish('in/a', `{"n":${n}}`);
    expect(await bench.stored()).toBe(0);
    expect(bench.target.calls).toHaveLength(1);
    const tokens = bench.target.requests.map(({ parameters }) => parameters.token);
    expect(tokens).toEqual(['Bearer sesame 0', 'Bearer sesame 1', 'Bearer sesame 2']);
    const shown = JSON.stringify(bench.engine.traces(realm, 'r')!.latest());
    expect(shown).toContain('Bearer (secret) 1 is refused');
    expect(shown).not.toContain('sesame');
  });

  test('sends what fits into no batch alone, without waiting', async () => {
    const bench = await openBench();
    await bench.create('r', { sql, actions: [{ sqs: { batch } }] });
    await bench.publish('in/a', '{"n":1}');
    await bench.publish('in/a', '{"n":"unfit"}');
    await settled();
    expect(bench.target.calls).toEqual([['{"n":"unfit"}']]);
  });

  test('attempts a batch again as it was, and after a restart its messages in new batches', async () => {
    const bench = await openBench();
    await bench.create('r', { sql, actions: [{ sqs: { batch } }] });
    bench.target.failure = { message: 'busy', isTransient: true };
    for (let n = 0; n < 3; n += 1) await bench.publish('in/a', `{"n":${n}}`);
    await settled();
    bench.timers.advance(200);
    await settled();
    expect(bench.target.calls[1]).toEqual(bench.target.calls[0]);
    const [trace] = bench.engine.traces(realm, 'r')!.latest();
    expect(trace!.actions).toMatchObject([{ state: 'retrying', attemptCount: 2 }]);
    await bench.publish('in/a', '{"n":3}');
    await bench.engine.close();

    const again = await openBench({ domain: bench.domain });
    await settled();
    again.timers.advance(20);
    expect(await again.stored()).toBe(0);
    expect(again.target.calls).toEqual([['{"n":0}', '{"n":1}', '{"n":2}'], ['{"n":3}']]);
  });
});

describe('the error action of a rule with batches', () => {
  test('is told once of a batch that failed, and of what else failed for its messages', async () => {
    const bench = await openBench();
    await bench.create('r', { sql, actions: [{ sqs: { batch } }, { sqs: { to: '${n}' } }], errorAction: { sns: {} } });
    bench.target.failure = { message: 'no', isTransient: false };
    for (let n = 0; n < 3; n += 1) await bench.publish('in/a', `{"n":${n}}`, { clientId: `d${n}` });
    expect(await bench.stored()).toBe(0);
    const named = { failedAction: 'ScriptedAction', failedResource: 'the target', errorMessage: 'no' };
    expect(bench.other.payloads.map(text => JSON.parse(text))).toEqual([
      {
        ruleName: 'r',
        topic: 'in/a',
        payloadsWithMetadata: [0, 1, 2].map(n => ({
          id: n + 1,
          cloudwatchTraceId: expect.any(String),
          clientId: `d${n}`,
          base64OriginalPayload: base64(`{"n":${n}}`),
        })),
        failures: [{ affectedIds: [1, 2, 3], ...named }],
      },
    ]);
    const traces = bench.engine.traces(realm, 'r')!.latest();
    for (const { actions } of traces) expect(actions.at(-1)).toMatchObject({ isErrorAction: true, state: 'succeeded' });
  });

  test('waits until every action has ended for every message of the batch', async () => {
    const bench = await openBench();
    await bench.create('r', { sql, actions: [{ sqs: { batch } }, { sns: {} }], errorAction: { sqs: {} } });
    bench.target.failure = { message: 'no', isTransient: false };
    bench.other.failure = { message: 'busy', isTransient: true };
    for (let n = 0; n < 3; n += 1) await bench.publish('in/a', `{"n":${n}}`);
    await settled();
    expect(bench.target.calls).toHaveLength(1);
    bench.target.failure = undefined;
    bench.other.failure = undefined;
    bench.timers.advance(200);
    expect(await bench.stored()).toBe(0);
    const [document] = bench.target.payloads.slice(3).map(text => JSON.parse(text));
    expect(document.failures).toMatchObject([{ affectedIds: [1, 2, 3] }]);
    expect(bench.target.calls).toHaveLength(2);
  });

  test('reads the topic with each message where a batch may have several', async () => {
    const bench = await openBench();
    const across = { ...batch, acrossTopics: true };
    await bench.create('r', { sql, actions: [{ sqs: { batch: across } }], errorAction: { sns: {} } });
    bench.target.failure = { message: 'no', isTransient: false };
    for (const topic of ['in/a', 'in/b', 'in/c']) await bench.publish(topic, '{"n":1}');
    await settled();
    const [document] = bench.other.payloads.map(text => JSON.parse(text));
    expect(document.topic).toBeUndefined();
    expect(document.payloadsWithMetadata).toMatchObject([{ topic: 'in/a' }, { topic: 'in/b' }, { topic: 'in/c' }]);
  });

  test('is told of each message once, also where two actions put them into different batches', async () => {
    const bench = await openBench();
    const pairs = { ...batch, count: 2 };
    const actions = [{ sqs: { batch: pairs } }, { sqs: { batch } }];
    await bench.create('r', { sql, actions, errorAction: { sns: {} } });
    bench.target.failure = { message: 'no', isTransient: false };
    for (let n = 0; n < 6; n += 1) await bench.publish('in/a', `{"n":${n}}`);
    bench.timers.advance(20);
    expect(await bench.stored()).toBe(0);
    const told = bench.other.payloads.flatMap(text => JSON.parse(text).payloadsWithMetadata);
    const payloads = told.map(({ base64OriginalPayload }) => base64OriginalPayload);
    expect(payloads.toSorted()).toEqual(Array.from({ length: 6 }, (_, n) => base64(`{"n":${n}}`)).toSorted());
  });

  test('is told of what an earlier run left failed, with nothing lost', async () => {
    const bench = await openBench();
    await bench.create('r', { sql, actions: [{ sqs: { batch } }], errorAction: { sns: {} } });
    bench.target.failure = { message: 'no', isTransient: false };
    bench.other.failure = { message: 'away', isTransient: true };
    for (let n = 0; n < 3; n += 1) await bench.publish('in/a', `{"n":${n}}`);
    expect(await bench.stored()).toBe(3);
    await bench.engine.close();
    const again = await openBench({ domain: bench.domain });
    expect(await again.stored()).toBe(0);
    expect(again.target.calls).toEqual([]);
    const told = again.other.payloads.flatMap(text => JSON.parse(text).payloadsWithMetadata);
    expect(told).toHaveLength(3);
  });

  test('a full memory does not keep a batch from being sent', async () => {
    const bench = await openBench({ limits: { ...queueLimits, live: 2 } });
    await bench.create('r', { sql, actions: [{ sqs: { batch } }] });
    for (let n = 0; n < 9; n += 1) await bench.publish('in/a', `{"n":${n}}`);
    for (let turn = 0; turn < 20; turn += 1) {
      bench.timers.advance(20);
      await settled();
    }
    expect(await bench.stored()).toBe(0);
    expect(bench.target.payloads.toSorted()).toEqual(Array.from({ length: 9 }, (_, n) => `{"n":${n}}`));
  });
});
