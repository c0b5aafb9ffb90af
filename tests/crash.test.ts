/** `kill -9` in the middle of the traffic, again and again on one data directory: what was acknowledged is there. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { CreateThingCommand, ListThingsCommand } from '@aws-sdk/client-iot';
import { describe, expect, test } from 'vitest';
import { iotClient } from './harness/device.ts';
import { temporaryDirectory } from './harness/directory.ts';
import { eventually } from './harness/eventually.ts';
import { connect, disconnect, pingreq, puback, publish, readPublish, subscribe } from './harness/packets.ts';
import { openMqtt, openTcp, type RawClient } from './harness/raw-client.ts';
import { startThingd, type Thingd } from './harness/thingd.ts';

const rounds = 20;
const window = 100;

/** What the outside world was promised. */
class Promised {
  sent = 0;
  readonly acknowledged = new Set<number>();
  readonly delivered = new Set<number>();
  /** Number in the newest retained message that was acknowledged. */
  retained = -1;

  get outstanding(): number[] {
    return [...this.acknowledged].filter(number => !this.delivered.has(number));
  }
}

const start = (dataDir: string, ...args: readonly string[]): Promise<Thingd> =>
  startThingd({ command: 'dev', dataDir, args: ['--limits', 'open', ...args] });

/** Keeps `window` publishes in flight until `count` are acknowledged, then kills the server between two packets. */
async function publishAndKill(thingd: Thingd, promised: Promised, count: number): Promise<void> {
  const client = await openMqtt(thingd.endpoints.mqtt.port, 'publisher');
  const inFlight = new Map<number, number>();
  let packetId = 0;
  let acknowledged = 0;
  const refill = (): void => {
    while (inFlight.size < window) {
      packetId = (packetId % 65_535) + 1;
      const number = promised.sent++;
      inFlight.set(packetId, number);
      const retain = number % 10 === 0;
      client.send(publish(retain ? 'crash/retained' : 'crash/data', String(number), { qos: 1, packetId, retain }));
    }
  };
  const take = (body: Buffer): void => {
    const number = inFlight.get(body.readUInt16BE(0))!;
    inFlight.delete(body.readUInt16BE(0));
    promised.acknowledged.add(number);
    if (number % 10 === 0) promised.retained = Math.max(promised.retained, number);
    acknowledged += 1;
  };
  refill();
  while (acknowledged < count) {
    take((await client.next('puback')).body);
    refill();
  }
  await thingd.kill();
  await client.cutOff();
  // Acknowledgements that left the server before it died are promises too.
  for (const packet of client.received) take(packet.body);
}

/** Resumes the durable session; it must be there without subscribing again. */
async function resume(thingd: Thingd): Promise<RawClient> {
  const client = await openTcp(thingd.endpoints.mqtt.port);
  client.send(connect('subscriber', { cleanStart: false }));
  const connack = await client.next('connack');
  expect(connack.body, 'session present, accepted').toEqual(Buffer.from([1, 0]));
  return client;
}

/** Takes and acknowledges what the session holds until nothing acknowledged is outstanding. */
async function drain(client: RawClient, promised: Promised): Promise<void> {
  while (promised.outstanding.length > 0) {
    const { packetId, payload } = readPublish(await client.next('publish', 10_000), 4);
    promised.delivered.add(Number(payload));
    if (packetId !== 0) client.send(puback(packetId));
  }
}

describe('kill -9', () => {
  test(`${rounds} times in the middle of QoS 1 traffic loses nothing acknowledged`, { timeout: 180_000 }, async () => {
    const dataDir = await temporaryDirectory('thingd-crash-');
    const promised = new Promised();
    let thingd = await start(dataDir);
    const first = await openMqtt(thingd.endpoints.mqtt.port, 'subscriber', { cleanStart: false });
    first.send(subscribe(1, ['crash/#'], 1));
    expect((await first.next('suback')).body).toEqual(Buffer.from([0, 1, 1]));
    first.send(disconnect());
    await first.cutOff();

    for (let round = 0; round < rounds; round += 1) {
      // From a handful to a few thousand, so that the kill meets short and long queues.
      await publishAndKill(thingd, promised, 5 + ((round * 379) % 1500));
      thingd = await start(dataDir);
      const reader = await openMqtt(thingd.endpoints.mqtt.port, 'retained reader');
      if (promised.retained >= 0) {
        reader.send(subscribe(1, ['crash/retained']));
        await reader.next('suback');
        const retained = readPublish(await reader.next('publish'), 4);
        expect(Number(retained.payload), `retained, round ${round}`).toBeGreaterThanOrEqual(promised.retained);
      }
      reader.destroy();
      // Every other crash leaves the queue for the next one to find.
      if (round % 2 === 1) {
        const subscriber = await resume(thingd);
        await drain(subscriber, promised);
        subscriber.send(disconnect());
        await subscriber.cutOff();
      }
    }
    const subscriber = await resume(thingd);
    await drain(subscriber, promised);
    expect(promised.outstanding).toEqual([]);
    expect([...promised.delivered].every(number => number < promised.sent)).toBe(true);
    subscriber.destroy();

    expect(await thingd.stop()).toBe(0);
    const files = (await readdir(dataDir)).filter(name => name.endsWith('.db'));
    expect(files).toHaveLength(1);
    const database = new DatabaseSync(join(dataDir, files[0]!), { readOnly: true });
    expect({ ...database.prepare('PRAGMA integrity_check').get() }).toEqual({ integrity_check: 'ok' });
    database.close();
  });

  test('while a subscriber is taking its queue loses nothing it had not acknowledged', {
    timeout: 60_000,
  }, async () => {
    const dataDir = await temporaryDirectory('thingd-crash-');
    let thingd = await start(dataDir);
    const first = await openMqtt(thingd.endpoints.mqtt.port, 'subscriber', { cleanStart: false });
    first.send(subscribe(1, ['crash/#'], 1));
    await first.next('suback');
    first.destroy();

    const total = 1000;
    const publisher = await openMqtt(thingd.endpoints.mqtt.port, 'publisher');
    for (let number = 0; number < total; number += 1) {
      publisher.send(publish('crash/data', String(number), { qos: 1, packetId: number + 1 }));
    }
    for (let number = 0; number < total; number += 1) await publisher.next('puback');

    const taken = new Set<number>();
    while (taken.size < total) {
      const subscriber = await resume(thingd);
      // What was acknowledged just before the kill may come again, so only what is new counts as progress.
      const goal = Math.min(total, taken.size + 150);
      while (taken.size < goal) {
        const { packetId, payload } = readPublish(await subscriber.next('publish', 10_000), 4);
        taken.add(Number(payload));
        subscriber.send(puback(packetId));
      }
      await thingd.kill();
      await subscriber.cutOff();
      if (taken.size < total) thingd = await start(dataDir);
    }
    expect([...taken].sort((a, b) => a - b)).toEqual(Array.from({ length: total }, (_, number) => number));
  });

  test('has the wills published of those who were connected and do not come back', { timeout: 60_000 }, async () => {
    const dataDir = await temporaryDirectory('thingd-crash-');
    let thingd = await start(dataDir);
    const watcher = await openMqtt(thingd.endpoints.mqtt.port, 'watcher', { cleanStart: false });
    watcher.send(subscribe(1, ['gone/#'], 1));
    await watcher.next('suback');
    const witness = async (clientId: string, leaves: boolean): Promise<void> => {
      const will = { topic: `gone/${clientId}`, payload: 'gone' };
      const client = await openMqtt(thingd.endpoints.mqtt.port, clientId, { will: { ...will, qos: 1 } });
      if (leaves) client.send(disconnect());
      else client.send(publish('kept', clientId, { qos: 1, retain: true }));
      // What is acknowledged is on disk, and so is what was there before it.
      if (leaves) await client.cutOff();
      else await client.next('puback');
    };
    await witness('left', true);
    await witness('lost', false);
    await witness('returns', false);
    await thingd.kill();

    thingd = await start(dataDir, '--limit', 'restartWillDelay=2');
    await openMqtt(thingd.endpoints.mqtt.port, 'returns');
    const back = await openTcp(thingd.endpoints.mqtt.port);
    back.send(connect('watcher', { cleanStart: false }));
    await back.next('connack');
    expect(readPublish(await back.next('publish', 10_000), 4)).toMatchObject({ topic: 'gone/lost' });
    back.send(pingreq());
    await back.next('pingresp');
  });

  test('in the middle of API calls keeps every answered one', { timeout: 60_000 }, async () => {
    const dataDir = await temporaryDirectory('thingd-crash-');
    const thingd = await startThingd({ dataDir });
    const iot = iotClient(thingd);
    const answered: string[] = [];
    const writers = Array.from({ length: 4 }, async (_, writer) => {
      for (let number = 0; ; number += 1) {
        const thingName = `w${writer}-${number}`;
        await iot.send(new CreateThingCommand({ thingName }));
        answered.push(thingName);
      }
    });
    const ended = Promise.allSettled(writers);
    await eventually('a hundred things', () => answered.length > 100, 20_000);
    await thingd.kill();
    await ended;

    const again = iotClient(await startThingd({ dataDir }));
    const kept: string[] = [];
    let nextToken: string | undefined;
    do {
      const page = await again.send(new ListThingsCommand({ nextToken, maxResults: 250 }));
      kept.push(...page.things!.map(thing => thing.thingName!));
      nextToken = page.nextToken;
    } while (nextToken);
    expect(kept).toEqual(expect.arrayContaining(answered));
  });
});
