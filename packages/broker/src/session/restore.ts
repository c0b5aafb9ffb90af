/** Brings sessions and retained messages back from the store, before the first connection is accepted. */
import type { Broker } from '../broker.ts';
import type { Message } from '../router/message.ts';
import { Publication } from '../router/publication.ts';
import { createSession } from './lifecycle.ts';
import type { BrokerStore, StoredSession } from './store.ts';

export async function restore(broker: Broker, store: BrokerStore): Promise<void> {
  const { sessions, retained, wills } = await store.load();
  const publications = new Map<Message, Publication>();
  for (const stored of sessions) restoreSession(broker, stored, publications);
  for (const { realm, message } of retained) broker.openRealm(realm).retained.set(message);
  broker.metrics.retained += retained.length;
  for (const will of wills) broker.lostWills.restore(broker.openRealm(will.realm), will);
}

/** `publications` lets sessions that wait for the same message share it, as they did before. */
function restoreSession(broker: Broker, stored: StoredSession, publications: Map<Message, Publication>): void {
  const realm = broker.openRealm(stored.realm);
  const session = createSession(realm, stored.clientId, stored.principal, stored.sessionExpiryInterval);
  session.disconnectedAt = stored.disconnectedAt ?? broker.now();
  session.pendingWill = stored.pendingWill;
  for (const subscription of stored.subscriptions) {
    realm.subscribe(session, subscription, subscription.subscriptionIdentifier);
  }
  for (const delivery of stored.deliveries) {
    const publication = publications.get(delivery.message) ?? Publication.of(delivery.message);
    publications.set(delivery.message, publication);
    session.outbound.restore(delivery, publication);
  }
  for (const packetId of stored.received) session.received.set(packetId, undefined);
  broker.awaySessions.add(session);
  // From now on it is known to be away: it must not outlive its expiry over another restart.
  if (stored.disconnectedAt === undefined) broker.journal.session(session);
}
