/**
 * Writes to the registries of servers in turn, through the API, signed, at a fixed rate: nine updates of a thing to one creation. Prints one
 * JSON line, a list of measurements by server. A process of its own, so that its work is not counted as the broker's; it signs everything
 * before it starts, so that it disturbs a generator of messages on the same core as little as it can.
 *
 *   node bench/load/registry.ts '{"targets":[{"directory":"/var/lib/thingd"}],"things":2000,"rate":1000,"rounds":{"from":…}}'
 */
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as elapsed } from 'node:timers/promises';
import { signedHeaders } from '../../packages/thingd/src/signature/sign.ts';
import { goRound, kindAt, type Rounds } from './rounds.ts';
import { waits } from './waits.ts';

export interface Target {
  /** The data directory of a thingd: its address and key are there. */
  readonly directory: string;
  /** Where to write instead. */
  readonly url?: string | undefined;
}

export interface RegistryLoad {
  /** As many as `rounds` has kinds. */
  readonly targets: readonly Target[];
  /** Things that are there before. */
  readonly things: number;
  /** Writes a second. */
  readonly rate: number;
  /** Without, the things are created, with indexing on, and that is all. */
  readonly rounds?: Rounds | undefined;
}

export interface RegistryMeasurement {
  readonly perSecond: number;
  /** Milliseconds from when a write was due to its answer. */
  readonly p50: number;
  readonly p99: number;
  /** Answers other than 200, of the whole run. */
  readonly wrong: number;
}

const connections = 16;

interface Write {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

interface Request {
  readonly bytes: Buffer;
  /** When it should leave, as `performance.now()` tells time. */
  readonly due: number;
}

/** HTTP/1.1 over sockets that stay open, one request at a time on each. */
class Writer {
  readonly #url: URL;
  readonly #credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly #region: string;
  readonly #idle: Socket[] = [];
  readonly #waiting: Request[] = [];
  readonly #inFlight = new Map<Socket, Request>();
  latencies: number[] = [];
  answered = 0;
  wrong = 0;

  constructor({ directory, url }: Target) {
    const read = (name: string) => JSON.parse(readFileSync(join(directory, name), 'utf8'));
    const { region, ...credentials } = read('credentials.json');
    this.#url = new URL(url ?? read('endpoints.json').http);
    this.#credentials = credentials;
    this.#region = region;
  }

  async connect(): Promise<void> {
    for (let count = 0; count < connections; count++) {
      const socket = connect({ host: this.#url.hostname, port: Number(this.#url.port), noDelay: true });
      await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
      let text = '';
      socket.on('data', data => {
        text += data.toString('latin1');
        const end = text.indexOf('\r\n\r\n');
        if (end < 0) return;
        const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
        if (text.length < end + 4 + length) return;
        this.#finished(socket, text.startsWith('HTTP/1.1 200'));
        text = '';
      });
      this.#idle.push(socket);
    }
  }

  get outstanding(): number {
    return this.#waiting.length + this.#inFlight.size;
  }

  /** The bytes of a request, good for a quarter of an hour. */
  sign({ method, path, body }: Write): Buffer {
    const scope = { region: this.#region, service: 'iot' };
    const signed = signedHeaders(method, new URL(path, this.#url), body, this.#credentials, scope, Date.now());
    const lines = Object.entries(signed).map(([name, value]) => `${name}: ${value}\r\n`);
    return Buffer.from(
      `${method} ${path} HTTP/1.1\r\nhost: ${this.#url.host}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n${lines.join('')}\r\n${body}`,
    );
  }

  push(request: Request): void {
    this.#waiting.push(request);
    this.#next();
  }

  close(): void {
    for (const socket of this.#idle) socket.destroy();
  }

  #next(): void {
    while (this.#idle.length > 0) {
      const request = this.#waiting.shift();
      if (request === undefined) return;
      const socket = this.#idle.pop() as Socket;
      this.#inFlight.set(socket, request);
      socket.write(request.bytes);
    }
  }

  #finished(socket: Socket, isRight: boolean): void {
    const request = this.#inFlight.get(socket);
    if (request === undefined) return;
    this.#inFlight.delete(socket);
    this.answered += 1;
    if (!isRight) this.wrong += 1;
    this.latencies.push(performance.now() - request.due);
    this.#idle.push(socket);
    this.#next();
  }
}

const thingName = (n: number): string => `device-${String(n).padStart(6, '0')}`;

function creation(name: string): Write {
  const attributes = { model: 'm7', serial: `SN-${name}`, country: 'jp' };
  return { method: 'POST', path: `/things/${name}`, body: JSON.stringify({ attributePayload: { attributes } }) };
}

function update(name: string, round: number): Write {
  const attributePayload = { attributes: { firmware: `1.${round % 7}.${round % 5}` }, merge: true };
  return { method: 'PATCH', path: `/things/${name}`, body: JSON.stringify({ attributePayload }) };
}

async function fill(writer: Writer, things: number): Promise<void> {
  await writer.connect();
  const configuration = { thingIndexingMode: 'REGISTRY_AND_SHADOW', thingConnectivityIndexingMode: 'STATUS' };
  const body = JSON.stringify({ thingIndexingConfiguration: configuration });
  const now = (write: Write) => writer.push({ bytes: writer.sign(write), due: performance.now() });
  now({ method: 'POST', path: '/indexing/config', body });
  while (writer.outstanding > 0) await elapsed(10);
  for (let n = 0; n < things; n++) now(creation(thingName(n)));
  while (writer.outstanding > 0) await elapsed(10);
}

async function write(
  writers: readonly Writer[],
  { things, rate }: RegistryLoad,
  rounds: Rounds,
): Promise<readonly RegistryMeasurement[]> {
  const { from, kinds, times, slice } = rounds;
  const milliseconds = from - Date.now() + slice * kinds * (times + 1);
  const perWriter = Math.ceil((rate * milliseconds) / 1000 / kinds);
  const signed = writers.map(writer =>
    Array.from({ length: perWriter }, (_, number) =>
      writer.sign(
        number % 10 === 0
          ? creation(`new-${process.pid}-${number}`)
          : update(thingName((number * 37) % things), number),
      ),
    ).values(),
  );
  // Not before all is signed: a server closes what has been quiet for long.
  await Promise.all(writers.map(writer => writer.connect()));
  const startedAt = performance.now();
  let pushed = 0;
  const timer = setInterval(() => {
    const expected = ((performance.now() - startedAt) / 1000) * rate;
    const kind = kindAt(rounds, Date.now());
    for (; pushed < expected; pushed++) {
      const bytes = signed[kind]!.next().value;
      if (bytes !== undefined) writers[kind]!.push({ bytes, due: startedAt + (pushed / rate) * 1000 });
    }
  }, 1);
  const sums = writers.map(() => ({ taken: 0, answered: 0, latencies: [] as number[] }));
  await goRound(rounds, kind => {
    const [writer, sum] = [writers[kind]!, sums[kind]!];
    const before = { at: performance.now(), answered: writer.answered };
    writer.latencies = sum.latencies;
    return () => {
      writer.latencies = [];
      sum.taken += performance.now() - before.at;
      sum.answered += writer.answered - before.answered;
    };
  });
  clearInterval(timer);
  return sums.map(({ taken, answered, latencies }, kind) => ({
    perSecond: (answered * 1000) / taken,
    ...waits(latencies),
    wrong: writers[kind]!.wrong,
  }));
}

if (import.meta.main) {
  const load = JSON.parse(process.argv[2] ?? '{}') as RegistryLoad;
  const writers = load.targets.map(target => new Writer(target));
  let measurements: readonly RegistryMeasurement[] = [];
  if (load.rounds === undefined) await Promise.all(writers.map(writer => fill(writer, load.things)));
  else measurements = await write(writers, load, load.rounds);
  console.log(JSON.stringify(measurements));
  process.exit(0);
}
