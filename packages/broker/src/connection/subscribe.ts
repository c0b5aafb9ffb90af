/** SUBSCRIBE and UNSUBSCRIBE. [MQTT5 3.8, 3.10] */
import type { Subscribe, SubscribeRequest, Unsubscribe } from '../codec/packet.ts';
import { MqttError, protocolError, ReasonCode } from '../codec/reason-code.ts';
import type { Subscription } from '../router/subscription.ts';
import { checkTopicFilter, parseSharedFilter } from '../topic/topic.ts';
import type { Connection } from './connection.ts';
import { reasonOfDenial, reasonProperties } from './reason.ts';
import { RetainedBacklog } from './retained-backlog.ts';
import { checkTopicLimits } from './topic-limits.ts';

/** Answers each filter on its own; the SUBACK follows when what was granted is stored. */
export function handleSubscribe(connection: Connection, packet: Subscribe): void {
  const { broker, session } = connection;
  const identifier = packet.properties?.subscriptionIdentifiers?.[0];
  if (identifier !== undefined && !broker.profile.subscriptionIdentifiersAvailable) {
    const reason = 'subscription identifiers are not supported';
    throw new MqttError(ReasonCode.subscriptionIdentifiersNotSupported, reason);
  }
  const reasonCodes: number[] = [];
  const explanations: string[] = [];
  const granted: SubscribeRequest[] = [];
  const owed: Subscription[] = [];
  for (const [index, request] of packet.requests.entries()) {
    const refusal = refusalOf(connection, request, index);
    if (refusal === ReasonCode.notAuthorized) {
      if (mustClose(connection, request.filter)) return;
      if (broker.profile.explainDenials) explanations.push(reasonOfDenial(connection, 'subscribe', request.filter));
    }
    if (refusal !== undefined) {
      const tells = connection.version === 5 && broker.profile.subscribeRefusal === 'reason';
      reasonCodes.push(tells ? refusal : ReasonCode.unspecifiedError);
      continue;
    }
    const qos = request.qos < broker.profile.maximumQoS ? request.qos : broker.profile.maximumQoS;
    const accepted = qos === request.qos ? request : { ...request, qos };
    const isNew = !session.filters.has(request.filter);
    const subscription = session.realm.subscribe(session, accepted, identifier);
    if (session.durable) broker.journal.subscribed(session, subscription);
    if (wantsRetained(subscription, isNew)) owed.push(subscription);
    reasonCodes.push(qos);
    granted.push(accepted);
  }
  broker.journal.after(() => {
    if (!connection.isConnected) return;
    const properties =
      explanations.length > 0 ? reasonProperties(connection, explanations.join('; '), reasonCodes.length) : undefined;
    connection.send({ type: 'suback', packetId: packet.packetId, reasonCodes, properties });
    sendRetained(connection, owed);
  });
  if (granted.length > 0) broker.observer.subscribed?.(connection, granted);
}

export function handleUnsubscribe(connection: Connection, { packetId, filters }: Unsubscribe): void {
  const { broker, session } = connection;
  const gone: string[] = [];
  const reasonCodes = filters.map(filter => {
    if (!session.realm.unsubscribe(session, filter)) return ReasonCode.noSubscriptionExisted;
    if (session.durable) broker.journal.unsubscribed(session, filter);
    gone.push(filter);
    return ReasonCode.success;
  });
  broker.journal.after(() => {
    if (connection.isConnected) connection.send({ type: 'unsuback', packetId, reasonCodes, properties: undefined });
  });
  if (gone.length > 0) broker.observer.unsubscribed?.(connection, gone);
}

/** Why a filter is refused, or undefined if it is granted. Throws what ends the connection. */
function refusalOf(connection: Connection, request: SubscribeRequest, index: number): ReasonCode | undefined {
  const { profile } = connection.broker;
  const { filter } = request;
  const shared = parseSharedFilter(filter);
  try {
    checkTopicFilter(filter);
    checkTopicLimits(profile, shared?.filter ?? filter, ReasonCode.topicFilterInvalid);
  } catch (error) {
    // 3.1.1 has no code for it: a filter that is none is a violation of the protocol. [MQTT-4.7.1-2]
    if (error instanceof MqttError && connection.version === 5) return error.reasonCode;
    throw error;
  }
  if (shared !== undefined && request.noLocal) throw protocolError('a shared subscription with no-local'); // [MQTT-3.8.3-4]
  if (shared !== undefined && !profile.sharedSubscriptionAvailable) return ReasonCode.sharedSubscriptionsNotSupported;
  if (!profile.wildcardSubscriptionAvailable && (filter.includes('#') || filter.includes('+'))) {
    return ReasonCode.wildcardSubscriptionsNotSupported;
  }
  const { filters } = connection.session;
  const { maxFiltersPerSubscribe, maxSubscriptions } = profile;
  if (maxFiltersPerSubscribe > 0 && index >= maxFiltersPerSubscribe) return ReasonCode.quotaExceeded;
  if (!connection.authorizer.subscribe(filter)) return ReasonCode.notAuthorized;
  if (maxSubscriptions > 0 && filters.size >= maxSubscriptions && !filters.has(filter)) return ReasonCode.quotaExceeded;
  return undefined;
}

/** Records the denial; true if it has ended the connection. */
function mustClose(connection: Connection, filter: string): boolean {
  const { broker } = connection;
  broker.metrics.subscribeDenied += 1;
  broker.observer.denied?.(connection, 'subscribe', filter);
  if (connection.version === 5 || broker.profile.subscribeDenied311 === 'suback') return false;
  const reason = `not authorized to subscribe to \`${filter}\``;
  connection.end({ disconnectReason: 'AUTH_ERROR', reasonCode: ReasonCode.notAuthorized, reason });
  return true;
}

/** [MQTT-3.3.1-9..11]; a shared subscription gets none. [MQTT5 4.8.2] */
function wantsRetained({ group, retainHandling }: Subscription, isNew: boolean): boolean {
  return group === undefined && (retainHandling === 0 || (retainHandling === 1 && isNew));
}

function sendRetained(connection: Connection, subscriptions: readonly Subscription[]): void {
  for (const subscription of subscriptions) {
    connection.retainedBacklog ??= new RetainedBacklog(connection);
    connection.retainedBacklog.add(subscription);
  }
  connection.sendRetained();
}
