/** What an MQTT 5 client is told in words beside a reason code. */
import type { Properties } from '../codec/packet.ts';
import type { Connection } from './connection.ts';

/** Bytes of a string in MQTT, at most. [MQTT-1.5.4] */
const longestString = 65_535;
/** Bytes of an answer beside its reason string and what grows with it, at most. */
const aroundReason = 20;

/** The properties of an answer that gives a reason, if the client wants it and the profile does. [MQTT-3.1.2-29] */
export function reasonProperties(connection: Connection, reason: string, otherBytes = 0): Properties | undefined {
  return connection.problemInformation ? finalReason(connection, reason, otherBytes) : undefined;
}

/**
 * The same in CONNACK and DISCONNECT, which tell it whatever the client asked for. Left out where the packet, with `otherBytes` that
 * grow with it, would be larger than the client takes. [MQTT-3.2.2-19, MQTT-3.4.2-2, MQTT-3.9.2-1, MQTT-3.14.2-3]
 */
export function finalReason(
  { broker, maximumPacketSize }: Connection,
  reasonString: string,
  otherBytes = 0,
): Properties | undefined {
  if (!broker.profile.reasonStrings) return undefined;
  const bytes = Buffer.byteLength(reasonString);
  const fits = bytes <= longestString && bytes + otherBytes + aroundReason <= maximumPacketSize;
  return fits ? { reasonString } : undefined;
}

/** What a client that may not is told, and where the profile has it, why. */
export function reasonOfDenial(
  { broker, version, authorizer }: Connection,
  action: 'publish' | 'subscribe',
  topicOrFilter: string,
): string {
  const reason = `not authorized to ${action} to \`${topicOrFilter}\``;
  const isTold = version === 5 && broker.profile.explainDenials;
  const why = isTold ? authorizer.whyNot?.(action, topicOrFilter) : undefined;
  return why === undefined ? reason : `${reason}: ${why}`;
}
