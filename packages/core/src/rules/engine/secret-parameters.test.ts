/** Secrets on their way through a rule: to the target, and nowhere else. */
import { describe, expect, test } from 'vitest';
import { realm } from '../../testing/domain.ts';
import { ActionFailure } from '../action-runner.ts';
import { openBench, settled } from './engine-fixtures.ts';

const sql = "SELECT n FROM 'in/+'";
const token = "get_secret('tokens', 'SecretString', topic(2), 'role')";
const secret = 'tok"en /1';
const services = { getSecret: async () => ({ secretString: JSON.stringify({ a: secret, b: 'other' }) }) };

/** Everything that is written down of a rule: rows, traces, what the log is told. */
async function writtenDown(bench: Awaited<ReturnType<typeof openBench>>): Promise<string> {
  const rows = await bench.domain.store.all<Record<string, unknown>>({
    sql: 'select details, payload, output, outcomes from rule_invocation',
    parameters: [],
  });
  const texts = rows.flatMap(row =>
    Object.values(row).map(value => (value instanceof Uint8Array ? Buffer.from(value).toString() : String(value))),
  );
  const traces = JSON.stringify(bench.engine.traces(realm, 'r')!.latest());
  return [...texts, traces, JSON.stringify([bench.ended, bench.notRun])].join('\n');
}

const forms = [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)];

describe('a secret in a parameter', () => {
  const parameters = { list: [{ key: 'at ${timestamp()}', value: `Bearer \${${token}} \${topic(2)}` }] };

  test('reaches the target, and stands neither in the store nor in a trace', async () => {
    const bench = await openBench({ services });
    await bench.create('r', { sql, actions: [{ sqs: parameters }] });
    let open = () => {};
    bench.target.gate = new Promise(resolve => {
      open = resolve;
    });
    const at = bench.domain.clock.now();
    await bench.publish('in/a', '{"n":1}');
    await settled();
    const [request] = bench.target.requests;
    expect(request!.parameters).toEqual({ list: [{ key: `at ${at}`, value: `Bearer ${secret} a` }] });
    const text = await writtenDown(bench);
    expect(text).toContain('get_secret');
    for (const form of forms) expect(text).not.toContain(form);
    open();
    expect(await bench.stored()).toBe(0);
    expect(bench.engine.traces(realm, 'r')!.latest()[0]!.actions).toMatchObject([
      { state: 'succeeded', parameters: { list: [{ key: `at ${at}`, value: parameters.list[0]!.value }] } },
    ]);
  });

  test('is asked for at each attempt, of the message as it came, also after a restart', async () => {
    const bench = await openBench({ services });
    const value = `\${${token}} \${get_mqtt_property('correlation_data')} \${timestamp()} \${n}`;
    await bench.create('r', { sql, actions: [{ sqs: { value } }] });
    bench.target.failure = { message: 'away', isTransient: true };
    const at = bench.domain.clock.now();
    await bench.publish('in/a', '{"n":1}', { properties: { correlationData: Buffer.from([0xff, 0]) } });
    await settled();
    const first = bench.target.requests[0]!.parameters;
    expect(first).toEqual({ value: `${secret} /wA= ${at} 1` });
    await bench.engine.close();

    bench.domain.clock.advance(60_000);
    const again = await openBench({ domain: bench.domain, services });
    await settled();
    expect(again.target.requests[0]!.parameters).toEqual(first);
  });

  test('that cannot be had for now lets the action wait, and one that is refused lets it fail', async () => {
    let failure: Error | undefined = new ActionFailure('no answer', { isTransient: true });
    const getSecret = async () => {
      if (failure !== undefined) throw failure;
      return { secretString: 'found' };
    };
    const bench = await openBench({ services: { getSecret } });
    await bench.create('r', { sql, actions: [{ sqs: { value: "${get_secret('i', 'SecretString', 'role')}" } }] });
    await bench.publish('in/a', '{"n":1}');
    await settled();
    expect(bench.target.requests).toEqual([]);
    failure = undefined;
    bench.timers.advance(200);
    await settled();
    expect(bench.target.requests[0]!.parameters).toEqual({ value: 'found' });

    failure = new ActionFailure('no such secret', { isTransient: false });
    await bench.publish('in/a', '{"n":2}');
    await settled();
    expect(bench.ended.at(-1)!.outcome).toEqual({ ok: false, error: '`get_secret` failed: no such secret' });
  });

  test('is taken out of what the target says, in whatever form', async () => {
    const bench = await openBench({ services });
    await bench.create('r', { sql, actions: [{ sqs: { value: `\${${token}}` } }], errorAction: { sns: {} } });
    bench.target.failure = { message: `no ${forms.join(' or ')} here`, isTransient: false };
    await bench.publish('in/a', '{"n":1}');
    await settled();
    expect(bench.ended[0]!.outcome).toEqual({ ok: false, error: 'no (secret) or (secret) or (secret) here' });
    expect(bench.other.payloads[0]).toContain('no (secret) or');
    const text = await writtenDown(bench);
    for (const form of forms) expect(text).not.toContain(form);
  });

  test('is taken out of what a bug in the runner says', async () => {
    const bench = await openBench({ services });
    await bench.create('r', { sql, actions: [{ sqs: { value: `\${${token}}` } }] });
    bench.target.run = async ({ parameters }) => {
      throw new TypeError(`cannot read ${parameters.value}`);
    };
    await bench.publish('in/a', '{"n":1}');
    await settled();
    expect(bench.ended[0]!.outcome).toEqual({ ok: false, error: 'cannot read (secret)' });
    const [told] = bench.failures as [Error];
    for (const form of forms) expect(`${told.message} ${told.stack}`).not.toContain(form);
  });

  test('may come by a variable of SET', async () => {
    const bench = await openBench({ services });
    const set = `SET @all = get_secret('tokens', 'SecretString', 'role'), @t = @all.a, @u = topic(1) ${sql}`;
    await bench.create('r', { sql: set, actions: [{ sqs: { value: '${@t}!', other: '${@u}' } }] });
    await bench.publish('in/a', '{"n":1}');
    await settled();
    expect(bench.target.requests[0]!.parameters).toEqual({ value: `${secret}!`, other: 'in' });
    const [trace] = bench.engine.traces(realm, 'r')!.latest();
    expect(trace!.variables).toEqual({ all: '(secret)', t: '(secret)', u: '"in"' });
    expect(trace!.actions[0]!.parameters).toEqual({ value: '${@t}!', other: 'in' });
  });

  test('is not had by a message that looks like a template', async () => {
    const bench = await openBench({ services });
    await bench.create('r', { sql, actions: [{ sqs: { said: '${said}', value: `\${${token}}` } }] });
    await bench.publish('in/a', JSON.stringify({ said: `\${${token}}` }));
    await settled();
    expect(bench.target.requests[0]!.parameters).toEqual({ said: `\${${token}}`, value: secret });
  });
});

describe('a secret that SELECT puts into the payload', () => {
  test('goes where the payload goes, and a trace does not show it', async () => {
    const bench = await openBench({ services });
    await bench.create('r', { sql: `SELECT ${token} AS token FROM 'in/+' WHERE ${token} <> 'x'` });
    await bench.publish('in/a', '{}', { qos: 0 });
    await settled();
    expect(bench.target.payloads).toEqual([JSON.stringify({ token: secret })]);
    expect(bench.engine.traces(realm, 'r')!.latest()).toMatchObject([{ where: 'true', output: '(secret)' }]);
    const text = await writtenDown(bench);
    for (const form of forms) expect(text).not.toContain(form);
  });
});
