/**
 * The packets of MQTT 3.1.1 and 5 as values: what the decoder yields and the encoder takes.
 *
 * One object shape per packet type, every field always present, so that V8 keeps one hidden class on the hot path.
 * An MQTT 3.1.1 packet has `properties: undefined`, and so has an MQTT 5 packet whose property section is empty. Binary fields are views of the read buffer: whoever keeps one beyond
 * the current turn copies it.
 */

/** Protocol level on the wire: 4 is MQTT 3.1.1, 5 is MQTT 5. */
export type ProtocolVersion = 4 | 5;

export type QoS = 0 | 1 | 2;

/** MQTT 5 user properties in order; keys may repeat. [MQTT-3.3.2-17] */
export type UserProperties = readonly (readonly [name: string, value: string])[];

/** Every MQTT 5 property by its specification name; which packet may carry which is the codec's table. [MQTT5 2.2.2.2] */
export interface Properties {
  payloadFormatIndicator?: number;
  messageExpiryInterval?: number;
  contentType?: string;
  responseTopic?: string;
  correlationData?: Buffer;
  /** A SUBSCRIBE carries at most one; a PUBLISH to a client may carry several. */
  subscriptionIdentifiers?: readonly number[];
  sessionExpiryInterval?: number;
  assignedClientIdentifier?: string;
  serverKeepAlive?: number;
  authenticationMethod?: string;
  authenticationData?: Buffer;
  requestProblemInformation?: boolean;
  willDelayInterval?: number;
  requestResponseInformation?: boolean;
  responseInformation?: string;
  serverReference?: string;
  reasonString?: string;
  receiveMaximum?: number;
  topicAliasMaximum?: number;
  topicAlias?: number;
  maximumQoS?: number;
  retainAvailable?: boolean;
  userProperties?: UserProperties;
  maximumPacketSize?: number;
  wildcardSubscriptionAvailable?: boolean;
  subscriptionIdentifiersAvailable?: boolean;
  sharedSubscriptionAvailable?: boolean;
}

export interface Will {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly properties: Properties | undefined;
}

export interface Connect {
  readonly type: 'connect';
  readonly protocolVersion: ProtocolVersion;
  /** MQTT 3.1, "MQIsdp", which has the packets of 3.1.1. */
  readonly isMqtt31?: true;
  readonly clientId: string;
  /** `cleanSession` in 3.1.1, `cleanStart` in 5. */
  readonly cleanStart: boolean;
  /** Seconds; 0 is off. */
  readonly keepAlive: number;
  readonly username: string | undefined;
  readonly password: Buffer | undefined;
  readonly will: Will | undefined;
  readonly properties: Properties | undefined;
}

export interface Connack {
  readonly type: 'connack';
  readonly sessionPresent: boolean;
  /** MQTT 5 reason code; the encoder writes the 3.1.1 return code that stands for it. */
  readonly reasonCode: number;
  readonly properties: Properties | undefined;
}

export interface Publish {
  readonly type: 'publish';
  /** Empty when an MQTT 5 topic alias stands for it. */
  topic: string;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly dup: boolean;
  /** 0 at QoS 0. */
  readonly packetId: number;
  readonly payload: Buffer;
  readonly properties: Properties | undefined;
}

/** PUBACK, PUBREC, PUBREL and PUBCOMP share one shape. */
export interface Acknowledgement {
  readonly type: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp';
  readonly packetId: number;
  readonly reasonCode: number;
  readonly properties: Properties | undefined;
}

export interface SubscribeRequest {
  readonly filter: string;
  readonly qos: QoS;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  /** 0 send retained, 1 send if the subscription is new, 2 do not send. */
  readonly retainHandling: 0 | 1 | 2;
}

export interface Subscribe {
  readonly type: 'subscribe';
  readonly packetId: number;
  readonly requests: readonly SubscribeRequest[];
  readonly properties: Properties | undefined;
}

export interface Suback {
  readonly type: 'suback';
  readonly packetId: number;
  readonly reasonCodes: readonly number[];
  readonly properties: Properties | undefined;
}

export interface Unsubscribe {
  readonly type: 'unsubscribe';
  readonly packetId: number;
  readonly filters: readonly string[];
  readonly properties: Properties | undefined;
}

export interface Unsuback {
  readonly type: 'unsuback';
  readonly packetId: number;
  readonly reasonCodes: readonly number[];
  readonly properties: Properties | undefined;
}

export interface Pingreq {
  readonly type: 'pingreq';
}

export interface Pingresp {
  readonly type: 'pingresp';
}

export interface Disconnect {
  readonly type: 'disconnect';
  readonly reasonCode: number;
  readonly properties: Properties | undefined;
}

export interface Auth {
  readonly type: 'auth';
  readonly reasonCode: number;
  readonly properties: Properties | undefined;
}

export type Packet =
  | Connect
  | Connack
  | Publish
  | Acknowledgement
  | Subscribe
  | Suback
  | Unsubscribe
  | Unsuback
  | Pingreq
  | Pingresp
  | Disconnect
  | Auth;
