/**
 * A rule's target is down while clients publish: nothing acknowledged is lost, nobody else waits, memory stays bounded, and the traces
 * show the attempts. `THINGD_OUTAGE_SECONDS=60 npx vitest run tests/rule-outage.test.ts` is the whole minute.
 */
import { setTimeout as elapsed } from 'node:timers/promises';
import { CreateTopicRuleCommand } from '@aws-sdk/client-iot';
import { connectAsync, type MqttClient } from 'mqtt';
import { describe, expect, test } from 'vitest';
import { createDevice, iotClient } from './harness/device.ts';
import { eventually } from './harness/eventually.ts';
import { openHttpTarget } from './harness/http-target.ts';
import { tracesOf } from './harness/rule-ground.ts';
import { startThingd, type Thingd } from './harness/thingd.ts';
import { startWitness } from './harness/witness.ts';

const seconds = Number(process.env.THINGD_OUTAGE_SECONDS ?? 4);
const perSecond = 100;
const pad = 'x'.repeat(4000);

/** Publishes at QoS 1, so many messages a second whatever happens to them, and knows which were acknowledged. */
class SteadyPublisher {
  readonly acknowledged = new Set<number>();
  /** Milliseconds each acknowledgement took since it was last asked. */
  #latencies: number[] = [];
  #sent = 0;
  #stopped = false;
  readonly #client: MqttClient;
  readonly #loop: Promise<void>;

  constructor(client: MqttClient) {
    this.#client = client;
    this.#loop = this.#run();
  }

  latencies(): number[] {
    const taken = this.#latencies;
    this.#latencies = [];
    return taken;
  }

  /** Resolves when everything sent is acknowledged. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#loop;
    await this.#client.endAsync();
  }

  async #run(): Promise<void> {
    const begun = performance.now();
    const publishing: Promise<void>[] = [];
    while (!this.#stopped) {
      const due = ((performance.now() - begun) / 1000) * perSecond;
      while (this.#sent < due) publishing.push(this.#publish(this.#sent++));
      await elapsed(5);
    }
    await Promise.all(publishing);
  }

  async #publish(n: number): Promise<void> {
    const begun = performance.now();
    await this.#client.publishAsync('telemetry', JSON.stringify({ n, pad }), { qos: 1 });
    this.#latencies.push(performance.now() - begun);
    this.acknowledged.add(n);
  }
}

const quantile = (values: readonly number[], q: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * q)] ?? 0;
const summary = (values: readonly number[]): string =>
  [0.5, 0.95, 0.99, 1].map(q => quantile(values, Math.min(q, 1 - 1e-9)).toFixed(1)).join(' / ');
const megabytes = (bytes: number): number => Math.round(bytes / (1 << 20));

/** The most memory `during` finds thingd with. */
async function peakMemory(thingd: Thingd, during: Promise<unknown>): Promise<number> {
  let peak = 0;
  let over = false;
  const ended = during.finally(() => {
    over = true;
  });
  while (!over) {
    peak = Math.max(peak, await thingd.residentMemory());
    await elapsed(200);
  }
  await ended;
  return peak;
}

describe('a target that is down', () => {
  test('costs no acknowledged message, no patience of others and little memory', {
    timeout: 180_000 + seconds * 5000,
  }, async () => {
    const thingd = await startThingd({ command: 'dev', args: ['--limits', 'open'] });
    const target = await openHttpTarget();
    const sql = "SELECT n, pad FROM 'telemetry'";
    const rule = { sql, awsIotSqlVersion: '2016-03-23', actions: [{ http: { url: `${target.url}/in` } }] };
    await iotClient(thingd).send(new CreateTopicRuleCommand({ ruleName: 'outage', topicRulePayload: rule }));
    await target.confirm();
    const witness = await startWitness(thingd, await createDevice(thingd, 'witness'));
    const publisher = new SteadyPublisher(await connectAsync(thingd.endpoints.mqtt.url, { clientId: 'devices' }));
    const metric = async (name: string): Promise<number> => {
      const metrics = await (await fetch(`${thingd.endpoints.http.url}/metrics`)).text();
      return Number(new RegExp(`^${name}\\{[^}]*rule="outage"[^}]*\\} (\\d+)`, 'm').exec(metrics)?.[1]);
    };
    const watched = async (what: string, duration: number) => {
      witness.latencies();
      publisher.latencies();
      const peak = await peakMemory(thingd, elapsed(duration * 1000));
      const [exchanges, acknowledgements] = [witness.latencies(), publisher.latencies()];
      console.log(
        `${what}, ${duration} s, ms p50 / p95 / p99 / most: bystanders ${summary(exchanges)} (${exchanges.length}), ` +
          `acknowledgements ${summary(acknowledgements)} (${acknowledgements.length}); ${megabytes(peak)} MB at most`,
      );
      return { exchanges, peak, acknowledgedPerSecond: acknowledgements.length / duration };
    };

    await elapsed(1000);
    const before = await watched('target up', seconds / 2);
    await target.close();
    const acknowledgedBefore = publisher.acknowledged.size;
    const outage = await watched('target down', seconds);
    const acknowledgedMeanwhile = publisher.acknowledged.size - acknowledgedBefore;
    const [live, stored] = [await metric('thingd_rule_queue_messages'), await metric('thingd_rule_stored_messages')];
    await target.open();
    const after = await watched('target up again', seconds / 2);
    await publisher.stop();
    const { acknowledged } = publisher;
    const delivered = await eventually(
      'everything that was acknowledged is delivered',
      () => {
        if (target.calls.length < acknowledged.size) return undefined;
        const numbers = new Set(target.calls.map(({ body }) => JSON.parse(body).n as number));
        return [...acknowledged].every(n => numbers.has(n)) && numbers;
      },
      120_000,
      500,
    );
    await witness.stop();
    const repeated = target.calls.length - delivered.size;
    console.log(
      `${acknowledged.size} acknowledged, ${acknowledgedMeanwhile} of them in the outage; ${stored} stored and ${live} in memory at its end; ${repeated} delivered twice`,
    );

    expect(outage.acknowledgedPerSecond).toBeGreaterThan(before.acknowledgedPerSecond / 3);
    // But for those that were on their way when it went down.
    expect(stored).toBeGreaterThan(0.9 * acknowledgedMeanwhile);
    expect(live).toBeLessThanOrEqual(1000);
    // Half of the exchanges were about as quick as nine of ten are while the target is up.
    const usual = Math.max(quantile(before.exchanges, 0.9), quantile(after.exchanges, 0.9));
    expect(quantile(outage.exchanges, 0.5)).toBeLessThan(3 * usual + 5);
    expect(outage.peak).toBeLessThan(before.peak + (300 << 20));
    const [retried] = (await tracesOf(thingd, 'outage')).filter(({ actions }) => actions[0].attemptCount > 1);
    const refused = { error: expect.stringContaining('ECONNREFUSED'), retryIn: expect.any(Number) };
    expect(retried.actions).toMatchObject([
      { kind: 'http', state: 'succeeded', attempts: expect.arrayContaining([expect.objectContaining(refused)]) },
    ]);
    expect(retried.actions[0].attempts.at(-1)).toMatchObject({ response: '200' });
  });
});
