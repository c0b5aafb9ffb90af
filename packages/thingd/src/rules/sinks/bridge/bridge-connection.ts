/**
 * One connection of a bridge, from CONNECT to its end. It is never opened again: what was not acknowledged by then fails, and
 * whether it is sent anew is the rule engine's to say, which keeps it on disk meanwhile.
 */
import { ActionFailure } from '@thingd/core';
import type { IClientOptions, IClientPublishOptions, IConnackPacket, IDisconnectPacket, MqttClient } from 'mqtt';
import { away, sentenceOf, unfit } from '../sink.ts';
import { Slots } from './slots.ts';

/** Milliseconds until the connection is there, and until a message is acknowledged. */
const connectTimeout = 5000;
const acknowledgeTimeout = 10_000;
/** Messages sent and not acknowledged; fewer if the other side says so (MQTT 5, 3.3.4). AWS IoT takes 100. */
const mostInFlight = 64;
/** Messages that wait for their turn. */
const longestQueue = 1000;

/**
 * Refusals that may be others at the next attempt: unspecified, the implementation's own, packet identifier in use, quota (MQTT 5,
 * 3.4.2.1).
 */
const passing: ReadonlySet<number> = new Set([0x80, 0x83, 0x91, 0x97]);

export class BridgeConnection {
  /** Resolves when the connection has ended. */
  readonly closed: Promise<void>;
  readonly #client: MqttClient;
  readonly #slots: Slots;
  readonly #maximumPacketSize: number;
  #acknowledged = 0;
  /** How to give each message up. */
  readonly #unacknowledged = new Set<(reason: Error) => void>();

  private constructor(client: MqttClient, { properties }: IConnackPacket, ended: Promise<string>) {
    this.#client = client;
    this.#slots = new Slots(Math.min(mostInFlight, properties?.receiveMaximum ?? mostInFlight), longestQueue);
    this.#maximumPacketSize = properties?.maximumPacketSize ?? Number.POSITIVE_INFINITY;
    this.closed = ended.then(reason => {
      this.#slots.close(away(reason));
      this.#giveUp(reason);
    });
  }

  /** Rejects with a transient `ActionFailure`, and at once when `signal` is aborted. */
  static async open(url: string, options: IClientOptions, signal: AbortSignal): Promise<BridgeConnection> {
    const { connect } = await import('mqtt');
    if (signal.aborted) throw away('the sink was closed');
    const client = connect(url, { ...options, clean: true, reconnectPeriod: 0, connectTimeout, resubscribe: false });
    let reason = 'the other side closed the connection';
    client.on('error', error => {
      reason = sentenceOf(error);
    });
    client.on('disconnect', ({ reasonCode, properties }: IDisconnectPacket) => {
      reason = `the other side disconnected: ${properties?.reasonString ?? `reason code ${reasonCode}`}`;
    });
    const ended = new Promise<string>(resolve => client.once('close', () => resolve(reason)));
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(connectTimeout)]);
    const late = `no answer within ${connectTimeout} ms`;
    const givenUp = new Promise<string>(resolve => deadline.addEventListener('abort', () => resolve(late)));
    const connected = new Promise<IConnackPacket>(resolve => client.once('connect', resolve));
    const connack = await Promise.race([connected, ended, givenUp]);
    if (typeof connack !== 'string') return new BridgeConnection(client, connack, ended);
    client.end(true);
    throw away(`no connection: ${connack}`);
  }

  /** Resolves when the message is acknowledged, or at QoS 0 written. Rejects with `ActionFailure`. */
  async publish(topic: string, payload: Buffer, options: IClientPublishOptions): Promise<void> {
    if (packetSize(topic, payload, options) > this.#maximumPacketSize) {
      throw unfit(
        `the message is too large for the other side, which takes packets of ${this.#maximumPacketSize} bytes`,
      );
    }
    await this.#slots.take();
    try {
      await this.#send(topic, payload, options);
    } finally {
      this.#slots.release();
    }
  }

  /** With a DISCONNECT, which the client sends at once when nothing waits for an acknowledgement. */
  end(reason: string): void {
    this.#giveUp(reason);
    this.#client.end();
  }

  #giveUp(reason: string): void {
    for (const giveUp of this.#unacknowledged) giveUp(away(reason));
  }

  async #send(topic: string, payload: Buffer, options: IClientPublishOptions): Promise<void> {
    // The client would keep it for a connection that never comes.
    if (!this.#client.connected) throw away('the connection has just ended');
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#client.publish(topic, payload, options, error => (error ? reject(refusal(error)) : resolve()));
    const messageId = options.qos === 0 ? undefined : this.#client.getLastMessageId();
    const giveUp = (reason: Error): void => {
      reject(reason);
      if (messageId !== undefined) this.#client.removeOutgoingMessage(messageId);
    };
    this.#unacknowledged.add(giveUp);
    const acknowledgedBefore = this.#acknowledged;
    const timer = setTimeout(() => {
      giveUp(away(`no acknowledgement within ${acknowledgeTimeout} ms`));
      // Nothing at all was acknowledged meanwhile: the connection is dead, though nobody has said so.
      if (this.#acknowledged === acknowledgedBefore) this.#client.end(true);
    }, acknowledgeTimeout);
    try {
      await promise;
      this.#acknowledged += 1;
    } finally {
      clearTimeout(timer);
      this.#unacknowledged.delete(giveUp);
    }
  }
}

/** Bytes of the PUBLISH (MQTT 5, 3.3); an MQTT 3.1.1 server tells no bound. */
export function packetSize(topic: string, payload: Buffer, { qos, properties }: IClientPublishOptions): number {
  const text = (given: string): number => 2 + Buffer.byteLength(given);
  const pairs = Object.entries(properties?.userProperties ?? {}).flatMap(([name, values]) =>
    [values].flat().map(value => 1 + text(name) + text(value)),
  );
  const propertyBytes = pairs.reduce((sum, bytes) => sum + bytes, 0);
  const rest = text(topic) + (qos === 0 ? 0 : 2) + lengthBytes(propertyBytes) + propertyBytes + payload.length;
  return 1 + lengthBytes(rest) + rest;
}

/** Of a variable byte integer. */
const lengthBytes = (value: number): number => (value < 128 ? 1 : value < 16_384 ? 2 : value < 2_097_152 ? 3 : 4);

function refusal(error: Error & { readonly code?: unknown }): Error {
  const { code } = error;
  const isFinal = typeof code === 'number' && code >= 0x80 && !passing.has(code);
  if (!isFinal) return away(sentenceOf(error), error);
  return new ActionFailure(`${error.message} (reason code ${code})`, { isTransient: false, cause: error });
}
