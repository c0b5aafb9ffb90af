/** A client that subscribes and keeps what it hears, for tests to ask after. */
import { connectAsync, type IPublishPacket, type MqttClient } from 'mqtt';
import { afterAll } from 'vitest';
import { type Device, tlsFiles } from './device.ts';
import { eventually } from './eventually.ts';
import type { Thingd } from './thingd.ts';

export interface Heard {
  readonly topic: string;
  readonly payload: Buffer;
  readonly packet: IPublishPacket;
}

export class Listener {
  readonly client: MqttClient;
  readonly heard: Heard[] = [];

  constructor(client: MqttClient) {
    this.client = client;
    client.on('message', (topic, payload, packet) => this.heard.push({ topic, payload, packet }));
    client.on('error', () => {}); // seen as messages that do not come
  }

  /** The first message on `topic` that fits, taken out of those heard. */
  async next(topic: string, fits: (heard: Heard) => boolean = () => true): Promise<Heard> {
    return eventually(`a message on ${topic}; heard: ${this.heard.map(heard => heard.topic).join(', ')}`, () => {
      const index = this.heard.findIndex(heard => heard.topic === topic && fits(heard));
      return index < 0 ? undefined : this.heard.splice(index, 1)[0];
    });
  }

  /** The same as JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: each test reads what it expects
  async nextJson(topic: string): Promise<any> {
    const { payload } = await this.next(topic);
    return JSON.parse(payload.toString());
  }
}

const open: MqttClient[] = [];

afterAll(async () => {
  await Promise.all(open.splice(0).map(client => client.endAsync(true)));
});

/** Connects with MQTT 5 over mutual TLS and subscribes at QoS 1; the connection is closed after the test file. */
export async function listen(
  thingd: Thingd,
  device: Device,
  filters: readonly string[],
  clientId = device.thingName,
): Promise<Listener> {
  const url = `mqtts://localhost:${thingd.endpoints.mqtts.port}`;
  const options = { ...tlsFiles(device), clientId, protocolVersion: 5, reconnectPeriod: 0 } as const;
  const client = await connectAsync(url, options, false);
  open.push(client);
  const listener = new Listener(client);
  for (const filter of filters) await client.subscribeAsync(filter, { qos: 1 });
  return listener;
}
