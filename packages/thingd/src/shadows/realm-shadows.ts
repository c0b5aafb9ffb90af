/** Shadows in the program: one service over the store, its requests and answers as messages of each realm, its history kept within bounds. */
import type { Message, RealmHandle } from '@thingd/broker';
import {
  type Domain,
  type Realm,
  type ShadowAnnouncer,
  ShadowHistory,
  type ShadowLimits,
  Shadows,
  ShadowTopics,
  shadowRequestFilters,
  shadowTopicPrefix,
} from '@thingd/core';

export interface ShadowSettings {
  readonly limits: ShadowLimits;
  /** Versions of each shadow kept in its history; 0 keeps none. */
  readonly historyVersions: number;
  /** Milliseconds a version is kept; 0 keeps it until newer ones push it out. */
  readonly historyAge: number;
}

export interface RealmShadowsOptions extends ShadowSettings {
  readonly domain: Domain;
  /** Publishes JSON in a realm, to whoever subscribed. */
  readonly publish: (realm: Realm, topic: string, json: string) => void;
  readonly failed: (error: unknown, where: string) => void;
}

/** How often what is too old is looked for, in milliseconds. */
const forgettingInterval = 10 * 60_000;

export class RealmShadows {
  readonly service: Shadows;
  readonly history: ShadowHistory;
  readonly #topics: ShadowTopics;
  readonly #options: RealmShadowsOptions;
  readonly #timer: NodeJS.Timeout;
  #forgetting: Promise<void> | undefined;

  constructor(options: RealmShadowsOptions) {
    const { domain, publish, limits, historyVersions } = options;
    const announcer: ShadowAnnouncer = {
      announce: (realm, name, suffix, json) => publish(realm, `${shadowTopicPrefix(name)}/${suffix}`, json),
    };
    this.#options = options;
    this.service = new Shadows(domain, announcer, { limits, historyVersions });
    this.history = new ShadowHistory(domain, this.service);
    this.#topics = new ShadowTopics(this.service, announcer, limits);
    this.#timer = setInterval(() => this.#tick(), forgettingInterval);
    this.#timer.unref();
  }

  /** Answers the realm's shadow requests; their acknowledgements wait for the answer, which waits for the commit. */
  answerIn(realm: Realm, handle: RealmHandle): void {
    const { failed } = this.#options;
    const answer = ({ topic, payload, publisher }: Message): Promise<void> | undefined => {
      // AWS: "Device Shadow MQTT topics": a will on a shadow topic reaches subscribers and rules, and changes no shadow.
      if (publisher.byWill) return undefined;
      const { clientId, principal } = publisher;
      // The client has its answer, a 500: it is acknowledged like any other, or it would be sent again.
      return this.#topics
        .handle(realm, { topic, payload, clientId, principal })
        .catch(error => failed(error, `request on \`${topic}\``));
    };
    for (const filter of shadowRequestFilters) handle.handle(filter, answer);
  }

  /** Forgets what is too old: versions of the history, and what is left of shadows deleted long ago. */
  async forget(): Promise<void> {
    const { historyAge } = this.#options;
    await this.service.forgetDeleted();
    if (historyAge > 0) await this.history.forgetOlderThan(historyAge);
  }

  /** Resolves when nothing is under way any more. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#forgetting;
  }

  #tick(): void {
    this.#forgetting ??= this.forget()
      .catch(error => this.#options.failed(error, 'forgetting old shadow versions'))
      .finally(() => {
        this.#forgetting = undefined;
      });
  }
}
