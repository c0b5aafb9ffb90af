/**
 * Devices that each update their shadow over MQTT as fast as it is answered: publish at QoS 1, wait for `update/accepted`, again. Prints
 * one JSON line. A process of its own, so that its work is not counted as the broker's.
 *
 *   node bench/load/shadows.ts '{"port":1883,"brokerPid":42,"things":1000,"warmUpSeconds":1,"seconds":5}'
 */
import { setTimeout as elapsed } from 'node:timers/promises';
import { LoadConnection } from './connection.ts';
import { pubackPacket, publishPacket } from './packets.ts';
import { readingOf, Sum, type Summed } from './sum.ts';

export interface ShadowLoad {
  readonly port: number;
  readonly brokerPid: number;
  readonly things: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

/** What is delivered is an `accepted`, and it waits from the publish on. */
export interface ShadowMeasurement extends Summed {
  /** Answers that were no `accepted`, or not of the next version. */
  readonly wrong: number;
}

const versionMember = Buffer.from('"version":');

class ShadowDevice {
  readonly #connection: LoadConnection;
  readonly #prefix: string;
  readonly #latencies: number[];
  #version = 0;
  #sentAt = 0;
  accepted = 0;
  wrong = 0;
  stopped = false;

  private constructor(connection: LoadConnection, thingName: string, latencies: number[]) {
    this.#connection = connection;
    this.#prefix = `$aws/things/${thingName}/shadow/update`;
    this.#latencies = latencies;
  }

  /** Connects, and subscribes at QoS 1 to what is accepted and what is rejected, as AWS's SDKs do. */
  static async open(port: number, thingName: string, latencies: number[]): Promise<ShadowDevice> {
    const connection = await LoadConnection.open(port, thingName);
    const device = new ShadowDevice(connection, thingName, latencies);
    await connection.subscribe(`${device.#prefix}/accepted`, 1);
    await connection.subscribe(`${device.#prefix}/rejected`, 1);
    connection.onPacket = (firstByte, buffer, body, end) => {
      if (firstByte >> 4 === 3) device.#answered(buffer, body, end);
    };
    return device;
  }

  update(): void {
    const number = this.#version + 1;
    const reported = {
      temperature: 20 + (number % 100) / 10,
      humidity: 40 + (number % 20),
      battery: 87,
      led: 'on',
      number,
    };
    const payload = JSON.stringify({ state: { reported }, clientToken: `update-${number}` });
    this.#sentAt = performance.now();
    this.#connection.socket.write(publishPacket(this.#prefix, Buffer.from(payload), (number % 65_535) + 1));
  }

  #answered(buffer: Buffer, body: number, end: number): void {
    const topicLength = buffer.readUInt16BE(body);
    const id = body + 2 + topicLength;
    this.#connection.socket.write(pubackPacket(buffer.readUInt16BE(id)));
    const accepted = topicLength === this.#prefix.length + '/accepted'.length && buffer[id - 8] === 0x61; // 'a'
    const version = accepted ? versionIn(buffer, id + 2, end) : -1;
    if (version === this.#version + 1 || (this.#version === 0 && version > 0)) this.#version = version;
    else this.wrong++;
    this.accepted++;
    this.#latencies.push(performance.now() - this.#sentAt);
    if (!this.stopped) this.update();
  }
}

/** The version stands behind state and metadata. */
function versionIn(buffer: Buffer, start: number, end: number): number {
  const at = buffer.subarray(start, end).lastIndexOf(versionMember);
  return at < 0 ? -1 : Number.parseInt(buffer.toString('latin1', start + at + versionMember.length, end), 10);
}

export async function generate(load: ShadowLoad): Promise<ShadowMeasurement> {
  const sum = new Sum();
  const devices: ShadowDevice[] = [];
  for (let i = 0; i < load.things; i++) {
    devices.push(await ShadowDevice.open(load.port, `thing-${String(i).padStart(5, '0')}`, sum.latencies));
  }
  const accepted = (): number => devices.reduce((count, device) => count + device.accepted, 0);
  const reading = () => readingOf(load.brokerPid, accepted());
  for (const device of devices) device.update();
  await elapsed(load.warmUpSeconds * 1000);
  sum.latencies.length = 0;
  const before = reading();
  await elapsed(load.seconds * 1000);
  sum.add(before, reading());
  for (const device of devices) device.stopped = true;
  return { ...sum.summed, wrong: devices.reduce((wrong, device) => wrong + device.wrong, 0) };
}

if (import.meta.main) {
  console.log(JSON.stringify(await generate(JSON.parse(process.argv[2] ?? '{}') as ShadowLoad)));
  process.exit(0);
}
