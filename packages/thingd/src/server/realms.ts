/** Realms as they come into being: the broker's topic space of each, with the domain's handlers in it. */
import type { Broker, RealmHandle } from '@thingd/broker';
import { type Domain, type Realm, realmKey, realmOfKey } from '@thingd/core';
import { RealmShadows, type ShadowSettings } from '../shadows/index.ts';

/** Who speaks where no client does: shadows, lifecycle events, registrations. */
const principal = 'thingd';

export interface RealmsOptions {
  readonly broker: Broker;
  readonly domain: Domain;
  readonly shadows: ShadowSettings;
  readonly failed: (error: unknown, where: string) => void;
}

export class Realms {
  readonly shadows: RealmShadows;
  readonly #options: RealmsOptions;
  readonly #open = new Map<string, RealmHandle>();
  readonly #listeners: ((realm: Realm, handle: RealmHandle) => void)[] = [];

  constructor(options: RealmsOptions) {
    this.#options = options;
    const { domain, shadows, failed } = options;
    const publish = (realm: Realm, topic: string, json: string) => this.publishJson(realm, topic, json);
    this.shadows = new RealmShadows({ ...shadows, domain, failed, publish });
  }

  /** The realm's topic space. Whoever lets a client or a message into a realm opens it, so that its handlers are there. */
  open(realm: Realm): RealmHandle {
    const key = realmKey(realm);
    const known = this.#open.get(key);
    if (known !== undefined) return known;
    const handle = this.#options.broker.realm(key);
    this.#open.set(key, handle);
    this.shadows.answerIn(realm, handle);
    for (const opened of this.#listeners) opened(realm, handle);
    return handle;
  }

  /** Calls `opened` for each realm that is open, and each that will be. */
  each(opened: (realm: Realm, handle: RealmHandle) => void): void {
    this.#listeners.push(opened);
    for (const [key, handle] of this.#open) opened(realmOfKey(key), handle);
  }

  /** Publishes what the service itself has to say, as JSON. `clientId` is the client's that gave rise to it, for rules to read. */
  publish(realm: Realm, topic: string, payload: object, clientId = ''): void {
    this.publishJson(realm, topic, JSON.stringify(payload), clientId);
  }

  /** The same for what is JSON already. Subscribers get it at QoS 1 at most, and it is never retained. */
  publishJson(realm: Realm, topic: string, json: string, clientId = ''): void {
    const publisher = { clientId, principal };
    const message = { topic, payload: Buffer.from(json), qos: 1, retain: false, publisher } as const;
    this.open(realm)
      .publish(message)
      .catch(error => this.#options.failed(error, `publish to \`${topic}\``));
  }
}
