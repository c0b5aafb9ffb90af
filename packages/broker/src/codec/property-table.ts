/** Every MQTT 5 property: its identifier, its type, who may carry it and which values it may have. [MQTT5 2.2.2.2] */
import type { Properties } from './packet.ts';

/** What carries a property section, as bits of `PropertySpecification.carriers`. A will has a section of its own. */
export const Carrier = {
  connect: 1 << 0,
  will: 1 << 1,
  connack: 1 << 2,
  publish: 1 << 3,
  puback: 1 << 4,
  pubrec: 1 << 5,
  pubrel: 1 << 6,
  pubcomp: 1 << 7,
  subscribe: 1 << 8,
  suback: 1 << 9,
  unsubscribe: 1 << 10,
  unsuback: 1 << 11,
  disconnect: 1 << 12,
  auth: 1 << 13,
} as const;

export type Carrier = (typeof Carrier)[keyof typeof Carrier];

/** How a property is written; `boolean` and `bit` are a byte that is 0 or 1, `topicName` a string without wildcards. */
export type PropertyType =
  | 'boolean'
  | 'bit'
  | 'uint16'
  | 'uint32'
  | 'variableByteInteger'
  | 'string'
  | 'topicName'
  | 'binary'
  | 'stringPair';

export interface PropertySpecification {
  readonly identifier: number;
  readonly name: keyof Properties;
  readonly type: PropertyType;
  /** Sum of `Carrier` bits. */
  readonly carriers: number;
  /** 0 is a protocol error. */
  readonly positive: boolean;
}

const { connect, will, connack, publish, subscribe, suback, unsubscribe, unsuback, disconnect, auth } = Carrier;
const acknowledgements = Carrier.puback | Carrier.pubrec | Carrier.pubrel | Carrier.pubcomp;
const responses = connack | acknowledgements | suback | unsuback | disconnect | auth;
const everywhere = responses | connect | will | publish | subscribe | unsubscribe;

function row(
  identifier: number,
  name: keyof Properties,
  type: PropertyType,
  carriers: number,
  positive = false,
): PropertySpecification {
  return { identifier, name, type, carriers, positive };
}

export const propertyTable: readonly PropertySpecification[] = [
  row(0x01, 'payloadFormatIndicator', 'bit', publish | will),
  row(0x02, 'messageExpiryInterval', 'uint32', publish | will),
  row(0x03, 'contentType', 'string', publish | will),
  row(0x08, 'responseTopic', 'topicName', publish | will),
  row(0x09, 'correlationData', 'binary', publish | will),
  row(0x0b, 'subscriptionIdentifiers', 'variableByteInteger', publish | subscribe, true),
  row(0x11, 'sessionExpiryInterval', 'uint32', connect | connack | disconnect),
  row(0x12, 'assignedClientIdentifier', 'string', connack),
  row(0x13, 'serverKeepAlive', 'uint16', connack),
  row(0x15, 'authenticationMethod', 'string', connect | connack | auth),
  row(0x16, 'authenticationData', 'binary', connect | connack | auth),
  row(0x17, 'requestProblemInformation', 'boolean', connect),
  row(0x18, 'willDelayInterval', 'uint32', will),
  row(0x19, 'requestResponseInformation', 'boolean', connect),
  row(0x1a, 'responseInformation', 'string', connack),
  row(0x1c, 'serverReference', 'string', connack | disconnect),
  row(0x1f, 'reasonString', 'string', responses),
  row(0x21, 'receiveMaximum', 'uint16', connect | connack, true),
  row(0x22, 'topicAliasMaximum', 'uint16', connect | connack),
  row(0x23, 'topicAlias', 'uint16', publish, true),
  row(0x24, 'maximumQoS', 'bit', connack),
  row(0x25, 'retainAvailable', 'boolean', connack),
  row(0x26, 'userProperties', 'stringPair', everywhere),
  row(0x27, 'maximumPacketSize', 'uint32', connect | connack, true),
  row(0x28, 'wildcardSubscriptionAvailable', 'boolean', connack),
  row(0x29, 'subscriptionIdentifiersAvailable', 'boolean', connack),
  row(0x2a, 'sharedSubscriptionAvailable', 'boolean', connack),
];
