/** The sink `mqtt`: a bridge to another broker, AWS IoT among them. A message counts as sent when the other side has acknowledged it. */
import type { ActionRequest } from '@thingd/core';
import type { IClientOptions, IClientPublishOptions } from 'mqtt';
import { hopsProperty, isTooFar, tooManyHops } from '../../hops.ts';
import type { Definition, Late } from '../definition.ts';
import { Pause } from '../pause.ts';
import {
  type Header,
  invalid,
  isTemplate,
  type Sink,
  type SinkAddress,
  type SinkContext,
  type SinkKind,
  unfit,
} from '../sink.ts';
import { type TlsMaterial, tlsMaterial, tlsOptions } from '../tls.ts';
import { BridgeConnection } from './bridge-connection.ts';

interface Settings {
  readonly url: string;
  readonly clientId: string;
  readonly protocolVersion: 4 | 5;
  readonly username: string | undefined;
  readonly password: Late | undefined;
  readonly material: TlsMaterial;
  /** For a port that serves several protocols, such as AWS's 443 with `x-amzn-mqtt-ca`. */
  readonly alpn: string | undefined;
  readonly keepAlive: number;
  /** What every topic begins with: no message leaves it. */
  readonly topicPrefix: string;
  readonly qos: 0 | 1;
}

/** Milliseconds until the next attempt to connect after one has failed: many messages wait for the same connection. */
const reconnectDelay = 1000;
const mostTopicBytes = 65_535;

export const bridge: SinkKind = (definition, context) => new BridgeSink(settingsOf(definition), context);

function settingsOf(definition: Definition): Settings {
  const settings: Settings = {
    url: definition.text('url'),
    clientId: definition.text('clientId'),
    protocolVersion: definition.oneOf('protocolVersion', ['3.1.1', '5'], '5') === '5' ? 5 : 4,
    username: definition.optionalText('username'),
    password: definition.secret('password'),
    material: tlsMaterial(definition),
    alpn: definition.optionalText('alpn'),
    keepAlive: definition.count('keepAlive', 60, 5, 65_535),
    topicPrefix: definition.optionalText('topicPrefix') ?? '',
    qos: definition.oneOf('qos', [0, 1], 1),
  };
  const [, scheme] = /^(mqtts?):\/\/(?:\[[0-9a-fA-F:.]+\]|[^\s/@:[\]]+)(?::\d{1,5})?\/?$/.exec(settings.url) ?? [];
  if (scheme === undefined) throw invalid('`url` expects `mqtts://<host>[:<port>]`, or `mqtt://…` without TLS');
  const { ca, cert } = settings.material;
  if (scheme === 'mqtt' && (ca ?? cert ?? settings.alpn) !== undefined) {
    throw invalid('`ca`, `cert`, `key` and `alpn` expect a `url` of mqtts');
  }
  if (settings.password !== undefined && settings.username === undefined) {
    throw invalid('`password` expects `username`'); // [MQTT-3.1.2-22]
  }
  if (settings.topicPrefix !== '') checkTopic(settings.topicPrefix, '$');
  return settings;
}

class BridgeSink implements Sink {
  readonly #settings: Settings;
  readonly #pause: Pause;
  readonly #closing = new AbortController();
  #connection: Promise<BridgeConnection> | undefined;

  constructor(settings: Settings, { clock }: SinkContext) {
    this.#settings = settings;
    this.#pause = new Pause(clock);
  }

  check({ rest, headers }: SinkAddress): void {
    const { topicPrefix, protocolVersion } = this.#settings;
    if (rest !== undefined && !isTemplate(rest)) checkTopic(topicPrefix + rest, topicPrefix);
    if (headers.length > 0 && protocolVersion === 4)
      throw invalid('`headers` are user properties, which MQTT 5 alone has');
    if (headers.some(({ key }) => key === hopsProperty))
      throw invalid(`\`${hopsProperty}\` is what thingd itself adds`);
  }

  async deliver(request: ActionRequest, { rest, headers }: SinkAddress): Promise<string> {
    const { topicPrefix, qos, protocolVersion } = this.#settings;
    const { message, payload, hops, ruleName } = request;
    if (isTooFar(request)) throw unfit(tooManyHops(ruleName));
    const topic = topicPrefix + (rest ?? message.topic);
    try {
      checkTopic(topic, topicPrefix);
    } catch (error) {
      throw unfit((error as Error).message);
    }
    const options: IClientPublishOptions =
      protocolVersion === 5 ? { qos, properties: { userProperties: userProperties(headers, hops) } } : { qos };
    const connection = await this.#connect();
    await connection.publish(topic, payload, options);
    return `${qos === 1 ? 'acknowledged' : 'sent'}: ${topic}`;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    const opened = await this.#connection?.catch(() => undefined);
    opened?.end('the sink was closed');
  }

  /** The present connection, or a new one: nobody connects before there is something to send. */
  #connect(): Promise<BridgeConnection> {
    if (this.#connection !== undefined) return this.#connection;
    this.#pause.check();
    const opening = this.#open();
    this.#connection = opening;
    const forget = (): void => {
      if (this.#connection === opening) this.#connection = undefined;
    };
    opening.then(
      ({ closed }) => closed.then(forget),
      error => {
        forget();
        this.#pause.begin(reconnectDelay, (error as Error).message);
      },
    );
    return opening;
  }

  async #open(): Promise<BridgeConnection> {
    return BridgeConnection.open(this.#settings.url, clientOptions(this.#settings), this.#closing.signal);
  }
}

function clientOptions(settings: Settings): IClientOptions {
  const { clientId, protocolVersion, username, password, material, alpn, keepAlive } = settings;
  return {
    clientId,
    protocolVersion,
    keepalive: keepAlive,
    ...(username !== undefined && { username }),
    ...(password && { password: password() }),
    ...tlsOptions(material),
    ...(alpn !== undefined && { ALPNProtocols: [alpn] }),
  };
}

function userProperties(headers: readonly Header[], hops: number): Record<string, string | string[]> {
  const properties: Record<string, string[]> = { [hopsProperty]: [String(hops)] };
  for (const { key, value } of headers) {
    if (key === hopsProperty) throw unfit(`\`${hopsProperty}\` is what thingd itself adds`);
    properties[key] = [...(Object.hasOwn(properties, key) ? properties[key]! : []), value];
  }
  return properties;
}

/** Throws `InvalidRequestException`. Topics that begin with `$` belong to the other broker: only the definition may lead there. */
function checkTopic(topic: string, prefix: string): void {
  if (topic === '' || /[+#\0]/.test(topic)) throw invalid(`\`${topic}\` is no topic to publish to`);
  if (topic.startsWith('$') && !prefix.startsWith('$')) {
    throw invalid(`\`${topic}\` begins with \`$\`, and the sink's \`topicPrefix\` does not`);
  }
  const bytes = Buffer.byteLength(topic);
  if (bytes > mostTopicBytes) throw invalid(`the topic has ${bytes} bytes; it may have ${mostTopicBytes}`);
}
