/**
 * Writes to the registry through the API, signed, at a fixed rate: nine updates of a thing to one creation. Prints one JSON line. A process
 * of its own, so that its work is not counted as the broker's; it signs everything before it starts, so that it disturbs a generator of
 * messages on the same core as little as it can.
 *
 *   node bench/load/registry.ts '{"directory":"/var/lib/thingd","things":2000,"rate":1000,"warmUpSeconds":1,"seconds":5}'
 */
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { signedHeaders } from '../../packages/thingd/src/signature/sign.ts';
import { processCpu } from './cpu.ts';

export interface RegistryLoad {
  /** The data directory of the thingd that is written to: its address and key are there. */
  readonly directory: string;
  readonly brokerPid: number;
  /** Where to write instead. */
  readonly url?: string | undefined;
  /** Things that are there before; created if `rate` is 0. */
  readonly things: number;
  /** Writes a second; 0 creates the things, with indexing on, and ends. */
  readonly rate: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

export interface RegistryMeasurement {
  readonly perSecond: number;
  /** Microseconds of the broker's process per write, whatever else it does. */
  readonly brokerCpu: number;
  /** Milliseconds from when a write was due to its answer. */
  readonly p50: number;
  readonly p99: number;
  /** Answers other than 200. */
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
  readonly latencies: number[] = [];
  answered = 0;
  wrong = 0;

  private constructor(directory: string, url: string | undefined) {
    const read = (name: string) => JSON.parse(readFileSync(join(directory, name), 'utf8'));
    const { region, ...credentials } = read('credentials.json');
    this.#url = new URL(url ?? read('endpoints.json').http);
    this.#credentials = credentials;
    this.#region = region;
  }

  static async open({ directory, url }: RegistryLoad): Promise<Writer> {
    const writer = new Writer(directory, url);
    for (let count = 0; count < connections; count++) {
      const socket = connect({ host: writer.#url.hostname, port: Number(writer.#url.port), noDelay: true });
      await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
      let text = '';
      socket.on('data', data => {
        text += data.toString('latin1');
        const end = text.indexOf('\r\n\r\n');
        if (end < 0) return;
        const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
        if (text.length < end + 4 + length) return;
        writer.#finished(socket, text.startsWith('HTTP/1.1 200'));
        text = '';
      });
      writer.#idle.push(socket);
    }
    return writer;
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
  const configuration = { thingIndexingMode: 'REGISTRY_AND_SHADOW', thingConnectivityIndexingMode: 'STATUS' };
  const body = JSON.stringify({ thingIndexingConfiguration: configuration });
  const now = (write: Write) => writer.push({ bytes: writer.sign(write), due: performance.now() });
  now({ method: 'POST', path: '/indexing/config', body });
  while (writer.outstanding > 0) await elapsed(0.01);
  for (let n = 0; n < things; n++) now(creation(thingName(n)));
  while (writer.outstanding > 0) await elapsed(0.01);
}

async function write(writer: Writer, { brokerPid, things, rate, warmUpSeconds, seconds }: RegistryLoad) {
  const signed = Array.from({ length: Math.ceil(rate * (warmUpSeconds + seconds + 1)) }, (_, number) =>
    writer.sign(
      number % 10 === 0 ? creation(`new-${process.pid}-${number}`) : update(thingName((number * 37) % things), number),
    ),
  );
  const startedAt = performance.now();
  let pushed = 0;
  const timer = setInterval(() => {
    const expected = ((performance.now() - startedAt) / 1000) * rate;
    for (; pushed < expected && pushed < signed.length; pushed++) {
      writer.push({ bytes: signed[pushed]!, due: startedAt + (pushed / rate) * 1000 });
    }
  }, 1);
  await elapsed(warmUpSeconds);
  const before = { at: performance.now(), answered: writer.answered, broker: processCpu(brokerPid) };
  writer.latencies.length = 0;
  await elapsed(seconds);
  const taken = (performance.now() - before.at) / 1000;
  const answered = writer.answered - before.answered;
  const brokerCpu = ((processCpu(brokerPid) - before.broker) * 1000) / answered;
  const latencies = writer.latencies.toSorted((a, b) => a - b);
  clearInterval(timer);
  const at = (q: number): number => latencies[Math.floor(latencies.length * q)] ?? Number.NaN;
  return { perSecond: answered / taken, brokerCpu, p50: at(0.5), p99: at(0.99), wrong: writer.wrong };
}

const elapsed = (seconds: number): Promise<void> => new Promise(resolve => setTimeout(resolve, seconds * 1000));

if (import.meta.main) {
  const load = JSON.parse(process.argv[2] ?? '{}') as RegistryLoad;
  const writer = await Writer.open(load);
  if (load.rate === 0) await fill(writer, load.things);
  const measurement: RegistryMeasurement =
    load.rate === 0 ? { perSecond: 0, brokerCpu: 0, p50: 0, p99: 0, wrong: writer.wrong } : await write(writer, load);
  console.log(JSON.stringify(measurement));
  process.exit(0);
}
