/**
 * The MQTT face of shadows: which request a topic is, and what is answered where. Over MQTT only topic permissions count, so a
 * message that got here is allowed. (AWS: reserved-topics, device-shadow-mqtt.)
 */
import type { Realm } from '../realm.ts';
import { isRejection, type ShadowRejection } from './request.ts';
import type { ShadowAnnouncer, ShadowName, Shadows } from './shadow-service.ts';

type ShadowOperation = 'get' | 'update' | 'delete';

export interface ShadowRequest extends ShadowName {
  readonly operation: ShadowOperation;
}

/** The filters whose messages are requests to the shadow service. */
export const shadowRequestFilters: readonly string[] = (['get', 'update', 'delete'] as const).flatMap(operation => [
  `$aws/things/+/shadow/${operation}`,
  `$aws/things/+/shadow/name/+/${operation}`,
]);

const namePattern = /^[a-zA-Z0-9:_-]{1,128}$/;
const shadowNamePattern = /^[$a-zA-Z0-9:_-]{1,64}$/;

/** The request a topic stands for; undefined where a name in it is none. The topic matches one of `shadowRequestFilters`. */
export function parseShadowTopic(topic: string): ShadowRequest | undefined {
  const levels = topic.split('/');
  const thingName = levels[2] ?? '';
  const shadowName = levels.length === 7 ? (levels[5] ?? '') : '';
  if (!namePattern.test(thingName)) return undefined;
  if (levels.length === 7 && !shadowNamePattern.test(shadowName)) return undefined;
  return { thingName, shadowName, operation: levels.at(-1) as ShadowOperation };
}

/** `$aws/things/<thing>/shadow`, with `/name/<shadow>` for a named one. */
export const shadowTopicPrefix = ({ thingName, shadowName }: ShadowName): string =>
  `$aws/things/${thingName}/shadow${shadowName === '' ? '' : `/name/${shadowName}`}`;

export interface ShadowMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly clientId: string;
  readonly principal: string;
}

/** Answers shadow requests that arrive as messages; announces what the service says. */
export class ShadowTopics {
  readonly #shadows: Shadows;
  readonly #announcer: ShadowAnnouncer;
  readonly #inFlight = new Map<string, number>();
  readonly #maximumInFlight: number;

  /** `maximumInFlight`: unanswered requests of one client. (AWS: general reference, "in-flight, unacknowledged messages per thing") */
  constructor(shadows: Shadows, announcer: ShadowAnnouncer, maximumInFlight = 10) {
    this.#shadows = shadows;
    this.#announcer = announcer;
    this.#maximumInFlight = maximumInFlight;
  }

  /** Resolves when the request is answered, so that the publisher's acknowledgement can wait for it. */
  async handle(realm: Realm, message: ShadowMessage): Promise<void> {
    const request = parseShadowTopic(message.topic);
    if (request === undefined) return;
    const client = `${realm.accountId}/${realm.region}/${message.clientId}`;
    const waiting = this.#inFlight.get(client) ?? 0;
    if (waiting >= this.#maximumInFlight)
      return this.#reject(realm, request, { code: 429, message: 'Too many requests' });
    this.#inFlight.set(client, waiting + 1);
    try {
      const result = await this.#perform(realm, request, message);
      if (isRejection(result)) this.#reject(realm, request, result);
      else if (request.operation === 'get') this.#announcer.announce(realm, request, 'get/accepted', result);
    } finally {
      const left = (this.#inFlight.get(client) ?? 1) - 1;
      if (left === 0) this.#inFlight.delete(client);
      else this.#inFlight.set(client, left);
    }
  }

  #perform(
    realm: Realm,
    request: ShadowRequest,
    { payload, principal }: ShadowMessage,
  ): Promise<object | ShadowRejection> {
    switch (request.operation) {
      case 'get':
        return this.#shadows.get(realm, request, payload);
      case 'update':
        return this.#shadows.update(realm, request, payload, principal);
      case 'delete':
        return this.#shadows.delete(realm, request, payload);
    }
  }

  #reject(realm: Realm, request: ShadowRequest, { code, message, clientToken }: ShadowRejection): void {
    const timestamp = Math.floor(this.#shadows.now() / 1000);
    const payload = { code, message, timestamp, ...(clientToken !== undefined && { clientToken }) };
    this.#announcer.announce(realm, request, `${request.operation}/rejected`, payload);
  }
}
