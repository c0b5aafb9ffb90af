/**
 * The wills of clients that were connected when the broker died. Each waits a while for its client, as if it had asked for that delay,
 * and is published if the client does not come back. [MQTT5 3.1.2.5, "the Server MAY defer publication until a subsequent restart"]
 */
import type { Realm } from '../router/realm.ts';
import { publishWill } from './lifecycle.ts';
import type { StoredWill } from './store.ts';

interface LostWill extends StoredWill {
  readonly in: Realm;
  readonly dueAt: number;
}

const nameOf = (realm: string, clientId: string): string => JSON.stringify([realm, clientId]);

export class LostWills {
  readonly #wills = new Map<string, LostWill>();

  /** Takes what the store had. The sessions of its clients are back already: no will waits longer than its session. */
  restore(realm: Realm, stored: StoredWill): void {
    const { profile } = realm.broker;
    const expiry = realm.sessions.get(stored.clientId)?.sessionExpiryInterval ?? 0;
    const asked = Math.min(stored.will.properties?.willDelayInterval ?? 0, expiry);
    const dueAt = realm.broker.now() + Math.max(asked, profile.restartWillDelay) * 1000;
    this.#wills.set(nameOf(stored.realm, stored.clientId), { ...stored, in: realm, dueAt });
  }

  /** The client is back. */
  forget(realm: Realm, clientId: string): void {
    if (this.#wills.size === 0 || !this.#wills.delete(nameOf(realm.name, clientId))) return;
    realm.broker.journal.willOver({ realm: realm.name, clientId });
  }

  publishDue(now: number): void {
    for (const { in: realm, clientId, principal, will, dueAt } of this.#wills.values()) {
      if (now < dueAt) continue;
      this.forget(realm, clientId);
      publishWill(realm, { clientId, principal }, will);
    }
  }
}
