/** Messages over HTTPS: publish one, read those that are retained. */
import { decodeToken, encodeToken, type Listing, type Realm, ServiceError } from '@thingd/core';
import type { PublishRequest, RetainedMessageSummary } from '../generated/iotdata.ts';
import type { IotDataHandlers } from './operation.ts';

/** MQTT 5 properties that an HTTPS message can have. */
export interface MessageProperties {
  payloadFormatIndicator?: number;
  /** Seconds. */
  messageExpiryInterval?: number;
  contentType?: string;
  responseTopic?: string;
  correlationData?: Buffer;
  userProperties?: readonly (readonly [name: string, value: string])[];
}

export interface OutgoingMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1;
  readonly retain: boolean;
  readonly properties?: MessageProperties | undefined;
  /** A caller over HTTPS has no client id. */
  readonly publisher: { readonly clientId: ''; readonly principal: string };
}

export interface RetainedMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: number;
  /** Milliseconds since the epoch. */
  readonly publishedAt: number;
  readonly properties?: Pick<MessageProperties, 'userProperties'> | undefined;
}

/** The broker, as the messages' operations need it. */
export interface Messages {
  /** 0 means no limit. */
  readonly limits: {
    readonly maxPayloadBytes: number;
    readonly maxTopicBytes: number;
    readonly maxTopicSlashes: number;
    readonly maxUserPropertyBytes: number;
  };
  /** Resolves when the message is stored for whoever must not miss it. */
  publish(realm: Realm, message: OutgoingMessage): Promise<void>;
  retained(realm: Realm, topic: string): RetainedMessage | undefined;
  retainedMessages(realm: Realm): Iterable<RetainedMessage>;
}

export interface MessageServices {
  readonly messages: Messages;
}

export const messageOperations = ({ messages }: MessageServices): IotDataHandlers => ({
  async Publish(input, { realm, caller }) {
    const { topic, payload = Buffer.alloc(0), qos = 0, retain = false } = input;
    const { limits } = messages;
    if (topic.startsWith('$') && !basicIngest.test(topic)) throw invalid('the topic is reserved');
    checkTopic(topic, limits);
    if (qos !== 0 && qos !== 1) throw invalid('QoS must be 0 or 1');
    checkPayload(payload, limits);
    const publisher = { clientId: '', principal: caller.principal } as const;
    await messages.publish(realm, { topic, payload, qos, retain, properties: propertiesOf(input, limits), publisher });
  },

  GetRetainedMessage({ topic }, { realm }) {
    const message = messages.retained(realm, topic);
    if (!message)
      throw new ServiceError('ResourceNotFoundException', 'No retained message found for the specified topic');
    const { payload, qos, publishedAt, properties } = message;
    const userProperties = properties?.userProperties;
    return {
      topic,
      payload,
      qos,
      lastModifiedTime: publishedAt,
      ...(userProperties && {
        userProperties: Buffer.from(JSON.stringify(userProperties.map(([name, value]) => ({ [name]: value })))),
      }),
    };
  },

  ListRetainedMessages({ nextToken, maxResults = 20 }, { realm }) {
    const [after = ''] = nextToken === undefined ? [] : (decodeToken(listing, nextToken) as [string]);
    const found = firstByTopic(messages.retainedMessages(realm), after, maxResults + 1);
    const page = found.slice(0, maxResults);
    return {
      retainedTopics: page.map(summaryOf),
      ...(found.length > page.length && { nextToken: encodeToken(listing, page.at(-1)!) }),
    };
  },
});

/**
 * The first `count` messages, by topic, of those behind `after`. The broker keeps them in no order, and a realm may retain a million
 * where a page has at most a few hundred: so in one pass, without sorting the rest.
 */
export function firstByTopic(messages: Iterable<RetainedMessage>, after: string, count: number): RetainedMessage[] {
  const first: RetainedMessage[] = [];
  for (const message of messages) {
    const { topic } = message;
    if (topic <= after || (first.length === count && topic > first[count - 1]!.topic)) continue;
    let low = 0;
    let high = first.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (first[middle]!.topic < topic) low = middle + 1;
      else high = middle;
    }
    first.splice(low, 0, message);
    if (first.length > count) first.pop();
  }
  return first;
}

const listing: Listing<RetainedMessage> = {
  name: 'retained',
  order: ['string'],
  position: ({ topic }) => [topic],
};

const summaryOf = ({ topic, payload, qos, publishedAt }: RetainedMessage): RetainedMessageSummary => ({
  topic,
  payloadSize: payload.length,
  qos,
  lastModifiedTime: publishedAt,
});

/** Basic Ingest is the one reserved topic that HTTPS may publish to (observed: all others are refused). */
const basicIngest = /^\$aws\/rules\/[^/]+(?:\/|$)/;

/** Throws `InvalidRequestException` unless a message may have this topic. */
export function checkTopic(topic: string, { maxTopicBytes, maxTopicSlashes }: Messages['limits']): void {
  if (topic === '' || /[+#\0]/.test(topic)) throw invalid('the topic must not be empty, nor contain `+`, `#` or NUL');
  // The prefix of Basic Ingest does not count. AWS: "Message broker and protocol limits".
  const counted = topic.replace(basicIngest, '');
  if (maxTopicBytes > 0 && Buffer.byteLength(counted) > maxTopicBytes)
    throw invalid(`the topic exceeds ${maxTopicBytes} bytes`);
  if (maxTopicSlashes > 0 && counted.split('/').length - 1 > maxTopicSlashes) {
    throw invalid(`the topic has more than ${maxTopicSlashes} slashes`);
  }
}

export function checkPayload(payload: Buffer, { maxPayloadBytes }: Messages['limits']): void {
  if (maxPayloadBytes > 0 && payload.length > maxPayloadBytes) {
    throw new ServiceError('RequestEntityTooLargeException', `the payload exceeds ${maxPayloadBytes} bytes`);
  }
}

/** The MQTT 5 properties of a request, or undefined when it has none. */
export function propertiesOf(input: PublishRequest, limits: Messages['limits']): MessageProperties | undefined {
  const properties: MessageProperties = {};
  if (input.payloadFormatIndicator !== undefined) {
    properties.payloadFormatIndicator = input.payloadFormatIndicator === 'UTF8_DATA' ? 1 : 0;
  }
  if (input.messageExpiry !== undefined) properties.messageExpiryInterval = secondsOf(input.messageExpiry);
  if (input.contentType !== undefined) properties.contentType = textOf('contentType', input.contentType);
  if (input.responseTopic !== undefined) properties.responseTopic = responseTopicOf(input.responseTopic);
  if (input.correlationData !== undefined) properties.correlationData = bytesOf(input.correlationData);
  if (input.userProperties !== undefined) properties.userProperties = userPropertiesOf(input.userProperties, limits);
  return Object.keys(properties).length > 0 ? properties : undefined;
}

function secondsOf(messageExpiry: number): number {
  if (messageExpiry < 1 || messageExpiry > 0xffff_ffff)
    throw invalid('messageExpiry must be between 1 and 4294967295 seconds');
  return messageExpiry;
}

function responseTopicOf(topic: string): string {
  if (topic === '' || /[+#\0]/.test(topic))
    throw invalid('the response topic must not be empty, nor contain `+`, `#` or NUL');
  return topic;
}

/** [MQTT-1.5.4-2] */
function textOf(name: string, text: string): string {
  if (text.includes('\0')) throw invalid(`${name} must not contain NUL`);
  return text;
}

function bytesOf(correlationData: string): Buffer {
  if (!/^[\w+/-]*={0,2}$/.test(correlationData)) throw invalid('correlationData must be base64');
  return Buffer.from(correlationData, 'base64');
}

/** AWS: Publish, `userProperties`: an array of objects, `[{"deviceName": "alpha"}, {"deviceCnt": "45"}]`. */
function userPropertiesOf(value: unknown, { maxUserPropertyBytes }: Messages['limits']): [string, string][] {
  if (!Array.isArray(value) || !value.every(isObjectOfText)) {
    throw invalid('userProperties must be an array of objects with text values');
  }
  const properties = value.flatMap(item => Object.entries(item));
  const texts = properties.flat().map(text => textOf('userProperties', text));
  if (maxUserPropertyBytes > 0 && Buffer.byteLength(texts.join('')) > maxUserPropertyBytes) {
    throw invalid(`userProperties exceed ${maxUserPropertyBytes} bytes`);
  }
  return properties;
}

const isObjectOfText = (item: unknown): item is Record<string, string> =>
  typeof item === 'object' && item !== null && Object.values(item).every(text => typeof text === 'string');

export const invalid = (message: string): ServiceError => new ServiceError('InvalidRequestException', message);
