/** Realms as they come into being: the broker's topic space of each, with the domain's handlers in it. */
import type { Messages } from '@thingd/api';
import type { Broker, Message, RealmHandle } from '@thingd/broker';
import {
  type Domain,
  type Realm,
  realmKey,
  type ShadowAnnouncer,
  Shadows,
  ShadowTopics,
  shadowRequestFilters,
  shadowTopicPrefix,
} from '@thingd/core';

/** Who speaks where no client does: shadows, lifecycle events, registrations. */
const publisher = { clientId: '', principal: 'thingd' };

export interface RealmsOptions {
  readonly broker: Broker;
  readonly domain: Domain;
  readonly failed: (error: unknown, where: string) => void;
}

export class Realms {
  readonly shadows: Shadows;
  readonly #options: RealmsOptions;
  readonly #shadowTopics: ShadowTopics;
  readonly #open = new Map<string, RealmHandle>();

  constructor(options: RealmsOptions) {
    this.#options = options;
    const announcer: ShadowAnnouncer = {
      announce: (realm, name, suffix, payload) => this.publish(realm, `${shadowTopicPrefix(name)}/${suffix}`, payload),
    };
    this.shadows = new Shadows(options.domain, announcer);
    this.#shadowTopics = new ShadowTopics(this.shadows, announcer);
  }

  /** The realm's topic space. Whoever lets a client or a message into a realm opens it, so that its handlers are there. */
  open(realm: Realm): RealmHandle {
    const key = realmKey(realm);
    const known = this.#open.get(key);
    if (known !== undefined) return known;
    const handle = this.#options.broker.realm(key);
    this.#open.set(key, handle);
    const answerShadow = ({ topic, payload, publisher }: Message) =>
      this.#shadowTopics.handle(realm, { topic, payload, ...publisher });
    for (const filter of shadowRequestFilters) handle.handle(filter, answerShadow);
    return handle;
  }

  /** What HTTPS may do with messages. */
  messages(limits: Messages['limits']): Messages {
    return {
      limits,
      publish: (realm, message) => this.open(realm).publish(message),
      retained: (realm, topic) => this.open(realm).retained(topic),
      retainedMessages: realm => this.open(realm).retainedMessages(),
    };
  }

  /** Publishes what the service itself has to say, as JSON. */
  publish(realm: Realm, topic: string, payload: object): void {
    const message = { topic, payload: Buffer.from(JSON.stringify(payload)), qos: 1, retain: false, publisher } as const;
    this.open(realm)
      .publish(message)
      .catch(error => this.#options.failed(error, `publish to \`${topic}\``));
  }
}
