/** A message on its way through the broker: a PUBLISH freed of the connection it came on. */
import type { Properties, QoS } from '../codec/packet.ts';

/** Who published. Handlers and rules read it; no-local compares `clientId`. */
export interface Publisher {
  readonly clientId: string;
  /** The authenticator's name for who this is (in thingd a certificate id or an access key id). */
  readonly principal: string;
  /** The broker published the client's will; the client itself is gone. */
  readonly byWill?: true;
}

export interface Message {
  readonly topic: string;
  /** Nobody's read buffer: whoever is handed a `Message` may keep it. */
  readonly payload: Buffer;
  readonly qos: QoS;
  readonly retain: boolean;
  /** MQTT 5 properties that travel with the message: no topic alias, no subscription identifiers. */
  readonly properties: Properties | undefined;
  /** Milliseconds since the epoch by the broker's clock. */
  readonly publishedAt: number;
  readonly publisher: Publisher;
}

/** What a property, or a pair of user properties, costs beside its text; measured, as the estimates of messages and of topic levels are. */
const propertyOverhead = 150;

/** Bytes of memory that properties take: an estimate, for bounds. */
export function propertyBytes(properties: Properties | undefined): number {
  if (properties === undefined) return 0;
  let bytes = propertyOverhead;
  for (const [name, value] of properties.userProperties ?? []) bytes += propertyOverhead + name.length + value.length;
  const { contentType, responseTopic, correlationData } = properties;
  return bytes + (contentType?.length ?? 0) + (responseTopic?.length ?? 0) + (correlationData?.length ?? 0);
}

/** A message as a part of the program hands it in; the broker adds the time. Its buffers are the broker's from then on. */
export interface OutsideMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly properties?: Properties | undefined;
  readonly publisher: Publisher;
}
