/** A client for tests: packets in, packets out, no socket, and a clock that moves when told. */
import { Broker, type BrokerOptions } from '../broker.ts';
import { decodePacket } from '../codec/decode.ts';
import { encodePacket } from '../codec/encode.ts';
import { FrameReader } from '../codec/frame.ts';
import type {
  Connack,
  Connect,
  Packet,
  ProtocolVersion,
  Publish,
  SubscribeRequest,
  UserProperties,
} from '../codec/packet.ts';
import type { Admission, Authorizer, Refusal } from '../connection/authenticator.ts';
import type { Disconnection } from '../observer.ts';
import { type Profile, profiles } from '../profile.ts';
import { MemoryStream } from './memory.ts';

/** An authorizer whose answers a test can change. */
export class TestAuthorizer implements Authorizer {
  generation = 1;
  cacheable = true;
  userProperties: UserProperties | undefined;
  /** Asked so far, in order, such as `publish a/b`. */
  readonly asked: string[] = [];
  /** Denied until taken out; `change` makes the broker ask again. */
  readonly denied = new Set<string>();

  change(edit: (denied: Set<string>) => void): void {
    edit(this.denied);
    this.generation += 1;
  }

  publish(topic: string, retain: boolean): boolean {
    return this.#answer(`publish ${topic}`) && (!retain || this.#answer(`retain ${topic}`));
  }

  subscribe(filter: string): boolean {
    return this.#answer(`subscribe ${filter}`);
  }

  whyNot(action: 'publish' | 'subscribe', topicOrFilter: string): string {
    return `${action} ${topicOrFilter} is on the list`;
  }

  receive(topic: string, shareName: string | undefined): boolean {
    return this.#answer(`receive ${shareName === undefined ? '' : `${shareName}:`}${topic}`);
  }

  #answer(question: string): boolean {
    this.asked.push(question);
    return !this.denied.has(question);
  }
}

export interface TestBroker {
  readonly broker: Broker;
  readonly clock: { time: number; now(): number };
  /** Of each client id, made on first use. */
  authorizer(clientId: string): TestAuthorizer;
  /** What observers were told, as short lines. */
  readonly log: string[];
  readonly disconnections: Disconnection[];
  /** Moves the clock and lets the broker look at it. */
  pass(seconds: number): void;
}

export type Authenticate = (connect: Connect) => Admission | Refusal | Promise<Admission | Refusal> | undefined;

/** A clock that stands until told to move. */
export function testClock(): TestBroker['clock'] {
  const clock = { time: 1_700_000_000_000, now: () => clock.time };
  return clock;
}

/** A broker on a clock of its own. `limits` change single fields of the profile; `authenticate` may decide before the default does. */
export async function startBroker({
  profile = profiles.open,
  limits = {},
  authenticate,
  clock = testClock(),
  ...options
}: Partial<Omit<BrokerOptions, 'clock'>> & {
  limits?: Partial<Profile>;
  authenticate?: Authenticate;
  clock?: TestBroker['clock'];
} = {}): Promise<TestBroker> {
  const authorizers = new Map<string, TestAuthorizer>();
  const log: string[] = [];
  const disconnections: Disconnection[] = [];
  const authorizer = (clientId: string): TestAuthorizer => {
    const known = authorizers.get(clientId) ?? new TestAuthorizer();
    authorizers.set(clientId, known);
    return known;
  };
  const broker = await Broker.start({
    profile: { ...profile, ...limits },
    clock,
    authenticator: {
      authenticate: connect =>
        authenticate?.(connect) ?? {
          admitted: true,
          realm: 'test',
          principal: `principal of ${connect.clientId}`,
          authorizer: authorizer(connect.clientId),
        },
    },
    observer: {
      connected: ({ clientId }) => log.push(`connected ${clientId}`),
      disconnected: ({ clientId }, disconnection) => {
        log.push(`disconnected ${clientId} ${disconnection.disconnectReason}`);
        disconnections.push(disconnection);
      },
      connectFailed: (connect, _origin, { reason }) => log.push(`connectFailed ${connect?.clientId}: ${reason}`),
      subscribed: ({ clientId }, requests) => log.push(`subscribed ${clientId} ${requests.map(r => r.filter).join()}`),
      unsubscribed: ({ clientId }, filters) => log.push(`unsubscribed ${clientId} ${filters.join()}`),
      denied: ({ clientId }, action, topicOrFilter) => log.push(`denied ${clientId} ${action} ${topicOrFilter}`),
      dropped: (_realm, clientId, topic, cause) => log.push(`dropped ${clientId} ${topic} ${cause}`),
      failed: (error, where) => log.push(`failed ${where}: ${error}`),
      storeFailed: error => log.push(`storeFailed: ${error}`),
    },
    ...options,
  });
  // A test says itself when a turn ends.
  broker.flusher.idleTime = Number.POSITIVE_INFINITY;
  const pass = (seconds: number): void => {
    clock.time += seconds * 1000;
    broker.tick();
    broker.flusher.flush();
  };
  return { broker, clock, authorizer, log, disconnections, pass };
}

/** Lets promises settle and the broker flush. */
export const turn = (): Promise<void> => new Promise(resolve => setImmediate(() => setImmediate(resolve)));

export class TestClient {
  readonly stream: MemoryStream;
  readonly #broker: Broker;
  readonly #reader = new FrameReader(268_435_460);
  version: ProtocolVersion;

  constructor(broker: Broker, version: ProtocolVersion = 5) {
    this.#broker = broker;
    this.version = version;
    this.stream = MemoryStream.connect(broker);
  }

  /** Connects and takes the CONNACK. */
  static connect(
    { broker }: Pick<TestBroker, 'broker'>,
    clientId: string,
    options: Partial<Connect> = {},
  ): { client: TestClient; connack: Connack } {
    const client = new TestClient(broker, options.protocolVersion ?? 5);
    client.send(connect(clientId, options));
    const [connack, ...rest] = client.take();
    if (connack?.type !== 'connack') throw new Error(`no CONNACK but ${JSON.stringify(connack)}`);
    client.#unread = rest;
    return { client, connack };
  }

  send(...packets: Packet[]): this {
    for (const packet of packets) this.stream.send(encodePacket(packet, this.version));
    return this;
  }

  /** Sends raw bytes, written in hexadecimal; blanks are for the reader. */
  sendHex(hex: string): this {
    this.stream.send(Buffer.from(hex.replaceAll(/\s/g, ''), 'hex'));
    return this;
  }

  publish(topic: string, payload: string, over: Partial<Publish> = {}): this {
    return this.send(publish(topic, payload, over));
  }

  /** Subscribes and takes the SUBACK; what came with it is still to be taken. Returns the reason codes. */
  subscribe(filter: string, over: Partial<SubscribeRequest> & { identifier?: number } = {}): readonly number[] {
    const { identifier, ...request } = over;
    const properties = identifier === undefined ? undefined : { subscriptionIdentifiers: [identifier] };
    this.send({ type: 'subscribe', packetId: 999, requests: [subscription(filter, request)], properties });
    const packets = this.take();
    const suback = packets.find(packet => packet.type === 'suback');
    this.#unread = packets.filter(packet => packet !== suback);
    return suback?.reasonCodes ?? [];
  }

  #unread: Packet[] = [];

  /** Everything the broker sent since the last call. */
  take(): Packet[] {
    this.#broker.flusher.flush();
    const bytes = this.stream.take();
    const packets = this.#unread;
    this.#unread = [];
    this.#reader.read(bytes, {
      frame: (firstByte, buffer, _packetStart, bodyStart, end) => {
        packets.push(decodePacket(firstByte, buffer, bodyStart, end, this.version));
        return true;
      },
    });
    return packets;
  }

  /** Only the messages among what was sent, as `topic payload`. */
  messages(): string[] {
    return this.publishes().map(({ topic, payload }) => `${topic} ${payload.toString()}`);
  }

  publishes(): Publish[] {
    return this.take().filter(packet => packet.type === 'publish');
  }

  /** Takes what was sent and acknowledges it, QoS 2 to the end. Returns the messages. */
  receive(): string[] {
    const messages: string[] = [];
    for (let packets = this.take(); packets.length > 0; packets = this.take()) {
      for (const packet of packets) {
        if (packet.type === 'publish') {
          messages.push(`${packet.topic} ${packet.payload.toString()}`);
          if (packet.qos === 1) this.acknowledge('puback', packet.packetId);
          if (packet.qos === 2) this.acknowledge('pubrec', packet.packetId);
        } else if (packet.type === 'pubrel') {
          this.acknowledge('pubcomp', packet.packetId);
        }
      }
    }
    return messages;
  }

  acknowledge(type: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp', packetId: number, reasonCode = 0): this {
    return this.send({ type, packetId, reasonCode, properties: undefined });
  }

  disconnect(reasonCode = 0, sessionExpiryInterval?: number): this {
    const properties = sessionExpiryInterval === undefined ? undefined : { sessionExpiryInterval };
    return this.send({ type: 'disconnect', reasonCode, properties });
  }

  get ended(): boolean {
    return this.stream.ended;
  }
}

export const connect = (clientId: string, over: Partial<Connect> = {}): Connect => ({
  type: 'connect',
  protocolVersion: 5,
  clientId,
  cleanStart: true,
  keepAlive: 60,
  username: undefined,
  password: undefined,
  will: undefined,
  properties: undefined,
  ...over,
});

export const publish = (topic: string, payload: string, over: Partial<Publish> = {}): Publish => ({
  type: 'publish',
  topic,
  payload: Buffer.from(payload),
  qos: 0,
  retain: false,
  dup: false,
  packetId: 0,
  properties: undefined,
  ...over,
});

export const subscription = (filter: string, over: Partial<SubscribeRequest> = {}): SubscribeRequest => ({
  filter,
  qos: 2,
  noLocal: false,
  retainAsPublished: false,
  retainHandling: 0,
  ...over,
});

/** What a client needs to come back to its session, in either version. */
export const staying = {
  4: { protocolVersion: 4, cleanStart: false },
  5: { cleanStart: false, properties: { sessionExpiryInterval: 3600 } },
} as const;
