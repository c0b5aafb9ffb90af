/** How sessions begin, wait and end, and when the will of a lost client is published. [MQTT5 3.1.2.5, 4.1] */
import type { Will } from '../codec/packet.ts';
import { neverExpires } from '../profile.ts';
import type { Publisher } from '../router/message.ts';
import { Publication } from '../router/publication.ts';
import type { Realm } from '../router/realm.ts';
import { Session } from './session.ts';

/** The session a CONNECT gets: the one its client left, or a new one. `expiry` in seconds. [MQTT5 3.1.2.4] */
export function openSession(
  realm: Realm,
  clientId: string,
  principal: string,
  cleanStart: boolean,
  expiry: number,
): { session: Session; present: boolean } {
  const { journal, awaySessions } = realm.broker;
  const earlier = realm.sessions.get(clientId);
  if (earlier !== undefined && cleanStart) endSession(earlier);
  const present = earlier !== undefined && !cleanStart;
  const session = present ? earlier : createSession(realm, clientId, principal, expiry);
  if (present) {
    awaySessions.delete(session);
    // It will end with this connection: the store can forget it now.
    if (session.durable && expiry === 0) journal.sessionEnded(session);
    session.sessionExpiryInterval = expiry;
    session.principal = principal;
    session.pendingWill = undefined;
    session.disconnectedAt = undefined;
  }
  if (session.durable) journal.session(session);
  return { session, present };
}

export function createSession(realm: Realm, clientId: string, principal: string, expiry: number): Session {
  const session = new Session(realm, clientId, principal, expiry);
  realm.sessions.set(clientId, session);
  realm.broker.metrics.sessions += 1;
  return session;
}

/** The session's connection has ended: it waits for its client, or ends too. */
export function leaveSession(session: Session, will: Will | undefined): void {
  const { broker } = session.realm;
  session.outbound.abandonConfirmations();
  session.connection = undefined;
  session.disconnectedAt = broker.now();
  const delay = Math.min(will?.properties?.willDelayInterval ?? 0, session.sessionExpiryInterval);
  if (will !== undefined && delay > 0) session.pendingWill = { will, dueAt: broker.now() + delay * 1000 };
  else if (will !== undefined) publishWill(session.realm, session, will);
  if (!session.durable) return endSession(session);
  broker.awaySessions.add(session);
  broker.journal.session(session);
}

/** Ends a session: its subscriptions go, a will still waiting is published, what its groups entrusted to it passes on. */
export function endSession(session: Session): void {
  const { realm, clientId, pendingWill } = session;
  if (realm.sessions.get(clientId) !== session) return;
  realm.sessions.delete(clientId);
  realm.broker.awaySessions.delete(session);
  realm.broker.metrics.sessions -= 1;
  for (const filter of [...session.filters.keys()]) realm.unsubscribe(session, filter);
  if (session.durable) realm.broker.journal.sessionEnded(session);
  session.received.clear();
  session.pendingWill = undefined;
  if (pendingWill !== undefined) publishWill(realm, session, pendingWill.will);
  for (const { publication, sharedFilter } of session.outbound.abandonedShared())
    realm.passOn(publication, sharedFilter!);
}

/** Publishes due wills and ends expired sessions of one client that is away. */
export function ageSession(session: Session, now: number): void {
  const { pendingWill, sessionExpiryInterval, disconnectedAt } = session;
  if (pendingWill !== undefined && now >= pendingWill.dueAt) {
    session.pendingWill = undefined;
    publishWill(session.realm, session, pendingWill.will);
    session.realm.broker.journal.session(session);
  }
  if (sessionExpiryInterval === neverExpires || disconnectedAt === undefined) return;
  if (now >= disconnectedAt + sessionExpiryInterval * 1000) endSession(session);
}

export function publishWill(
  realm: Realm,
  { clientId, principal }: { readonly clientId: string; readonly principal: string },
  will: Will,
): void {
  const { topic, payload, qos } = will;
  const retain = will.retain && realm.retained.hasRoom(will);
  const publisher: Publisher = { clientId, principal, byWill: true };
  const { willDelayInterval: _, ...properties } = will.properties ?? {};
  const kept = Object.keys(properties).length > 0 ? properties : undefined;
  const publication = new Publication(topic, payload, qos, retain, kept, realm.broker.now(), publisher, true);
  realm.route(publication, realm.findRoute(topic, clientId))?.catch(error => realm.broker.handlerFailed(error, topic));
}
