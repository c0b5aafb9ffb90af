/** `kill -9` while a thousand things update their shadows, again and again on one data directory: every accepted version is there. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { temporaryDirectory } from './harness/directory.ts';
import { puback, publish, type Received, readPublish, subscribe } from './harness/packets.ts';
import { openMqtt, type RawClient } from './harness/raw-client.ts';
import { startThingd, type Thingd } from './harness/thingd.ts';

const rounds = 20;
const things = 1000;
/** Each connection speaks for this many things. */
const thingsPerClient = 50;

const nameOf = (thing: number): string => `thing-${String(thing).padStart(4, '0')}`;

/** What the outside world knows of one thing: what it sent, and what was accepted. */
class Known {
  sent = 0;
  /** The highest version seen accepted. */
  version = 0;
  /** The number that each accepted version reported. */
  readonly accepted = new Map<number, number>();
}

const known = Array.from({ length: things }, () => new Known());

/** Things that update their shadows through one connection, each waiting for its answer. */
class Updaters {
  readonly #client: RawClient;
  #packetId = 0;
  accepted = 0;

  constructor(client: RawClient) {
    this.#client = client;
  }

  static async open(thingd: Thingd, first: number): Promise<Updaters> {
    const client = await openMqtt(thingd.endpoints.mqtt.port, `updater-${first}`);
    const updaters = new Updaters(client);
    for (let thing = first; thing < first + thingsPerClient; thing += 1) {
      client.send(subscribe((thing % 1000) + 1, [`$aws/things/${nameOf(thing)}/shadow/update/accepted`], 1));
      await client.next('suback');
    }
    for (let thing = first; thing < first + thingsPerClient; thing += 1) updaters.#update(thing);
    return updaters;
  }

  /** Goes on until the connection is gone. */
  async run(): Promise<void> {
    for (;;) {
      let received: Received;
      try {
        received = await this.#client.any(60_000);
      } catch {
        return;
      }
      if (received.type === 'publish') this.#update(this.#take(received));
    }
  }

  /** Notes an acceptance; answers whose it is. */
  #take(received: Received): number {
    const { topic, payload, packetId } = readPublish(received, 4);
    const thing = Number(/thing-(\d+)/.exec(topic)![1]);
    const { version, state } = JSON.parse(payload);
    const of = known[thing]!;
    if (of.accepted.has(version)) throw new Error(`${nameOf(thing)}: version ${version} was accepted twice`);
    of.accepted.set(version, state.reported.number);
    if (version <= of.version) throw new Error(`${nameOf(thing)}: version ${version} after ${of.version}`);
    of.version = version;
    this.accepted += 1;
    this.#client.send(puback(packetId));
    return thing;
  }

  #update(thing: number): void {
    const of = known[thing]!;
    of.sent += 1;
    this.#packetId = (this.#packetId % 65_535) + 1;
    const payload = JSON.stringify({ state: { reported: { number: of.sent } } });
    const topic = `$aws/things/${nameOf(thing)}/shadow/update`;
    this.#client.send(publish(topic, payload, { qos: 1, packetId: this.#packetId }));
  }
}

/** Lets all things update until `count` were accepted, then kills the server in the middle of it. */
async function updateAndKill(thingd: Thingd, count: number): Promise<void> {
  const firsts = Array.from({ length: things / thingsPerClient }, (_, index) => index * thingsPerClient);
  const updaters = await Promise.all(firsts.map(first => Updaters.open(thingd, first)));
  const running = Promise.all(updaters.map(each => each.run()));
  const accepted = (): number => updaters.reduce((sum, each) => sum + each.accepted, 0);
  while (accepted() < count) await new Promise(resolve => setTimeout(resolve, 5));
  await thingd.kill();
  await running;
}

interface StoredVersion {
  readonly thing_name: string;
  readonly version: number;
  readonly reported: string;
  readonly change: string;
}

/** The stored shadows and their histories agree with each other and with everything that was accepted. */
function judge(dataDir: string, round: number): void {
  const database = new DatabaseSync(join(dataDir, 'thingd.db'), { readOnly: true });
  const wrong: string[] = [];
  const current = new Map(
    database
      .prepare('select thing_name, version, reported from shadow')
      .all()
      .map(row => [row.thing_name as string, row as unknown as StoredVersion]),
  );
  const histories = Map.groupBy(
    database
      .prepare('select thing_name, version, reported, change from shadow_version order by thing_name, version')
      .all() as unknown as StoredVersion[],
    row => row.thing_name,
  );
  database.close();
  known.forEach(({ accepted, version, sent }, thing) => {
    const name = nameOf(thing);
    const row = current.get(name);
    const history = histories.get(name) ?? [];
    if ((row?.version ?? 0) < version)
      wrong.push(`${name}: version ${version} was accepted, ${row?.version} is stored`);
    if (row === undefined) return;
    if (row.version > sent) wrong.push(`${name}: ${row.version} versions of ${sent} updates`);
    history.forEach((entry, index) => {
      if (entry.version !== index + 1) wrong.push(`${name}: version ${index + 1} of the history is ${entry.version}`);
      const { number } = JSON.parse(entry.reported);
      const expected = accepted.get(entry.version);
      if (expected !== undefined && expected !== number)
        wrong.push(`${name}: version ${entry.version} was accepted with ${expected}, the history has ${number}`);
      if (JSON.parse(entry.change).reported.number !== number) wrong.push(`${name}: ${entry.change} made ${number}`);
    });
    const last = history.at(-1);
    if (last?.version !== row.version || last.reported !== row.reported)
      wrong.push(`${name}: the history ends at ${last?.version} ${last?.reported}, not ${row.version} ${row.reported}`);
  });
  expect(wrong, `round ${round}`).toEqual([]);
}

test(`kill -9, ${rounds} times during the updates of ${things} things, loses, repeats and skips no version`, {
  timeout: 300_000,
}, async () => {
  const dataDir = await temporaryDirectory('thingd-crash-');
  const start = (): Promise<Thingd> =>
    startThingd({ command: 'dev', dataDir, args: ['--limits', 'open', '--shadow-history-versions', '100000'] });
  for (let round = 0; round < rounds; round += 1) {
    await updateAndKill(await start(), 200 + ((round * 379) % 1500));
    judge(dataDir, round);
  }
  const thingd = await start();
  expect(await thingd.stop()).toBe(0);
  judge(dataDir, rounds);
  const accepted = known.reduce((sum, { accepted: { size } }) => sum + size, 0);
  expect(accepted).toBeGreaterThan(rounds * 200);
});
