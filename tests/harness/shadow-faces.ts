/** The two faces of a shadow, driven alike: MQTT topics with a client certificate, HTTPS with the same certificate. And who listens. */
import { request } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { connectAsync, type MqttClient } from 'mqtt';
import { type Device, tlsFiles } from './device.ts';
import { withDeadline } from './eventually.ts';
import type { Thingd } from './thingd.ts';

export interface ShadowRef {
  readonly thing: string;
  /** The classic shadow without. */
  readonly name?: string;
}

/** What both faces must agree on. */
export interface Answer {
  /** 200, or the code of the refusal. */
  readonly code: number;
  /** The document, or the refusal's message. */
  // biome-ignore lint/suspicious/noExplicitAny: judged by each test
  readonly body: any;
}

export interface ShadowFace {
  get(shadow: ShadowRef): Promise<Answer>;
  update(shadow: ShadowRef, payload: string | Buffer): Promise<Answer>;
  delete(shadow: ShadowRef): Promise<Answer>;
}

export const topicOf = ({ thing, name }: ShadowRef): string =>
  `$aws/things/${thing}/shadow${name === undefined ? '' : `/name/${name}`}`;

export interface Heard {
  /** After `…/shadow/`, such as `update/delta`. */
  readonly suffix: string;
  // biome-ignore lint/suspicious/noExplicitAny: judged by each test
  readonly payload: any;
  readonly qos: number;
  readonly retain: boolean;
}

/** Hears everything the service says about shadows. */
export class ShadowObserver {
  readonly client: MqttClient;
  readonly #heard: (Heard & { readonly topic: string })[] = [];
  #fences = 0;

  private constructor(client: MqttClient) {
    this.client = client;
    client.on('message', (topic, payload, { qos, retain }) => {
      const suffix = /(?:get|update|delete)\/(?:accepted|rejected|delta|documents)$/.exec(topic)?.[0];
      if (suffix !== undefined) {
        this.#heard.push({ topic, suffix, payload: JSON.parse(payload.toString()), qos, retain });
      }
    });
  }

  static async connect(thingd: Thingd, device: Device): Promise<ShadowObserver> {
    const client = await connectMutual(thingd, device, 'observer');
    await client.subscribeAsync(['$aws/things/+/shadow/#', 'observer/fence'], { qos: 1 });
    return new ShadowObserver(client);
  }

  /** What was said about a shadow since it was last asked. */
  async take(shadow: ShadowRef): Promise<Heard[]> {
    await this.#fence();
    const prefix = `${topicOf(shadow)}/`;
    const taken = this.#heard.filter(({ topic, suffix }) => topic === prefix + suffix);
    this.#heard.splice(0, this.#heard.length, ...this.#heard.filter(({ topic, suffix }) => topic !== prefix + suffix));
    return taken.map(({ topic: _, ...heard }) => heard);
  }

  /** A message of our own comes after everything said before it. */
  async #fence(): Promise<void> {
    const fence = String(++this.#fences);
    const passed = new Promise<void>(resolve => {
      const hear = (topic: string, payload: Buffer): void => {
        if (topic !== 'observer/fence' || payload.toString() !== fence) return;
        this.client.off('message', hear);
        resolve();
      };
      this.client.on('message', hear);
    });
    await this.client.publishAsync('observer/fence', fence, { qos: 1 });
    await withDeadline('the observer hears itself', passed);
  }
}

export async function connectMutual(thingd: Thingd, device: Device, clientId: string): Promise<MqttClient> {
  const url = `mqtts://localhost:${thingd.endpoints.mqtts.port}`;
  const client = await connectAsync(url, { ...tlsFiles(device), clientId, reconnectPeriod: 0 }, false);
  // Or each acknowledgement keeps the next publish waiting in the client for 40 ms (Nagle, delayed ACK).
  (client.stream as TLSSocket).setNoDelay(true);
  return client;
}

/** Publishes at QoS 1 and waits for the answer with its client's token, or the next one where the request can have none. */
export class MqttFace implements ShadowFace {
  readonly #client: MqttClient;

  constructor(client: MqttClient) {
    this.#client = client;
  }

  get(shadow: ShadowRef): Promise<Answer> {
    return this.#ask(shadow, 'get', '');
  }

  update(shadow: ShadowRef, payload: string | Buffer): Promise<Answer> {
    return this.#ask(shadow, 'update', payload);
  }

  delete(shadow: ShadowRef): Promise<Answer> {
    return this.#ask(shadow, 'delete', '');
  }

  async #ask(shadow: ShadowRef, operation: string, payload: string | Buffer): Promise<Answer> {
    const topic = `${topicOf(shadow)}/${operation}`;
    const replies = [`${topic}/accepted`, `${topic}/rejected`];
    await this.#client.subscribeAsync(replies, { qos: 1 });
    const answered = new Promise<Answer>(resolve => {
      const hear = (from: string, bytes: Buffer): void => {
        if (!replies.includes(from)) return;
        this.#client.off('message', hear);
        const body = JSON.parse(bytes.toString());
        resolve(from.endsWith('accepted') ? { code: 200, body } : { code: body.code, body: body.message });
      };
      this.#client.on('message', hear);
    });
    await this.#client.publishAsync(topic, payload, { qos: 1 });
    const answer = await withDeadline(`an answer to ${topic}`, answered);
    await this.#client.unsubscribeAsync(replies);
    return answer;
  }
}

/** AWS names for each code over HTTPS. (device-shadow-error-messages) */
const errorTypes: Readonly<Record<number, string>> = {
  400: 'InvalidRequestException',
  404: 'ResourceNotFoundException',
  409: 'ConflictException',
  413: 'RequestEntityTooLargeException',
  415: 'UnsupportedDocumentEncodingException',
  429: 'ThrottlingException',
};

export class HttpsFace implements ShadowFace {
  readonly #thingd: Thingd;
  readonly #device: Device;

  constructor(thingd: Thingd, device: Device) {
    this.#thingd = thingd;
    this.#device = device;
  }

  get(shadow: ShadowRef): Promise<Answer> {
    return this.#ask(shadow, 'GET');
  }

  update(shadow: ShadowRef, payload: string | Buffer): Promise<Answer> {
    return this.#ask(shadow, 'POST', payload);
  }

  delete(shadow: ShadowRef): Promise<Answer> {
    return this.#ask(shadow, 'DELETE');
  }

  async #ask({ thing, name }: ShadowRef, method: string, payload?: string | Buffer): Promise<Answer> {
    const query = name === undefined ? '' : `?name=${encodeURIComponent(name)}`;
    const { status, headers, body } = await httpsRequest(
      this.#thingd,
      this.#device,
      method,
      `/things/${encodeURIComponent(thing)}/shadow${query}`,
      payload,
    );
    const parsed = JSON.parse(body);
    if (status === 200) return { code: 200, body: parsed };
    if (headers['x-amzn-errortype'] !== errorTypes[status]) {
      throw new Error(`${status} is called ${headers['x-amzn-errortype']}: ${body}`);
    }
    return { code: status, body: parsed.message };
  }
}

interface Response {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** One request with the device's certificate. */
export function httpsRequest(
  thingd: Thingd,
  device: Device,
  method: string,
  path: string,
  payload?: string | Buffer,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: 'localhost', port: thingd.endpoints.https.port, method, path, ...tlsFiles(device) },
      response => {
        const chunks: Buffer[] = [];
        response.on('data', chunk => chunks.push(chunk));
        response.on('end', () =>
          resolve({
            status: response.statusCode!,
            headers: response.headers,
            body: Buffer.concat(chunks).toString(),
          }),
        );
      },
    );
    asked.on('error', reject);
    asked.end(payload);
  });
}
