/**
 * The MQTT face of shadows: which request a topic is, and what is answered where. Over MQTT only topic permissions count, so a
 * message that got here is allowed. (AWS: reserved-topics, device-shadow-mqtt.)
 */
import type { Realm } from '../realm.ts';
import { type ShadowLimits, shadowLimits } from './limits.ts';
import type { ShadowRejection } from './request.ts';
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
  /** Unanswered requests by client and thing. */
  readonly #inFlight = new Map<string, number>();
  readonly #maxInFlight: number;

  constructor(shadows: Shadows, announcer: ShadowAnnouncer, limits: ShadowLimits = shadowLimits.aws) {
    this.#shadows = shadows;
    this.#announcer = announcer;
    this.#maxInFlight = limits.maxShadowRequestsInFlight;
  }

  /**
   * Resolves when the request is answered, so that the publisher's acknowledgement can wait for it. Rejects, after a 500 was announced,
   * with what went wrong on our side.
   */
  async handle(realm: Realm, message: ShadowMessage): Promise<void> {
    const request = parseShadowTopic(message.topic);
    if (request === undefined) return;
    const requester = `${realm.accountId}/${realm.region}/${message.clientId}/${request.thingName}`;
    const waiting = this.#inFlight.get(requester) ?? 0;
    if (this.#maxInFlight > 0 && waiting >= this.#maxInFlight)
      return this.#reject(realm, request, { code: 429, message: 'Too many requests' });
    this.#inFlight.set(requester, waiting + 1);
    try {
      const result = await this.#perform(realm, request, message);
      if (typeof result !== 'string') this.#reject(realm, request, result);
      else if (request.operation === 'get') this.#announcer.announce(realm, request, 'get/accepted', result);
    } catch (error) {
      this.#reject(realm, request, { code: 500, message: 'Internal service failure' });
      throw error;
    } finally {
      this.#answered(requester);
    }
  }

  /** What an update or delete changed is announced by the service, whichever face asked for it. */
  #perform(
    realm: Realm,
    request: ShadowRequest,
    { payload, principal }: ShadowMessage,
  ): Promise<string | ShadowRejection> {
    switch (request.operation) {
      case 'get':
        return this.#shadows.get(realm, request, payload);
      case 'update':
        return this.#shadows.update(realm, request, payload, principal);
      case 'delete':
        return this.#shadows.delete(realm, request, payload);
    }
  }

  #answered(requester: string): void {
    const left = this.#inFlight.get(requester)! - 1;
    if (left === 0) this.#inFlight.delete(requester);
    else this.#inFlight.set(requester, left);
  }

  #reject(realm: Realm, request: ShadowRequest, { code, message, clientToken }: ShadowRejection): void {
    const timestamp = Math.floor(this.#shadows.now() / 1000);
    const payload = JSON.stringify({ code, message, timestamp, clientToken });
    this.#announcer.announce(realm, request, `${request.operation}/rejected`, payload);
  }
}
