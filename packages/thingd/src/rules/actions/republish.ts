/** The `republish` action: the message goes on under another topic (AWS: "Republish"). */
import type { OutsideMessage, Properties, RealmHandle } from '@thingd/broker';
import { ActionFailure, type ActionRunner, type Realm, ServiceError } from '@thingd/core';
import { isTooFar, tooManyHops } from '../hops.ts';
import { RulePublisher } from '../rule-publisher.ts';

interface Headers {
  readonly payloadFormatIndicator?: string;
  readonly contentType?: string;
  readonly responseTopic?: string;
  readonly correlationData?: string;
  readonly messageExpiry?: string;
  readonly userProperties?: readonly { readonly key: string; readonly value: string }[];
}

interface RepublishParameters {
  readonly topic: string;
  readonly qos?: number;
  readonly headers?: Headers;
}

export function republish(open: (realm: Realm) => RealmHandle): ActionRunner {
  return {
    failedAction: 'RepublishAction',
    literals: ['qos'],
    check(parameters) {
      const { topic, headers } = read(parameters);
      if (topic.startsWith('$') && !/^\$[${]/.test(topic)) {
        throw invalid(`the topic \`${topic}\` of a republish action begins with one \`$\`; write \`$$\` for it`);
      }
      if (!topic.includes('${')) checkTopic(topicOf(topic));
      if (headers !== undefined && !JSON.stringify(headers).includes('${')) propertiesOf(headers);
    },
    resourceOf: parameters => topicOf(read(parameters).topic),
    async run(action) {
      const { realm, ruleName, parameters, payload, hops } = action;
      const { topic: given, qos = 0, headers } = read(parameters);
      const topic = topicOf(given);
      const request = `PUBLISH ${topic} QoS ${qos}`;
      if (isTooFar(action)) {
        throw new ActionFailure(tooManyHops(ruleName), { isTransient: false, report: { request } });
      }
      try {
        checkTopic(topic);
        const message: OutsideMessage = {
          topic,
          payload,
          qos: qos === 1 ? 1 : 0,
          retain: false,
          properties: headers && propertiesOf(headers),
          publisher: new RulePublisher(realm, ruleName, hops),
        };
        await open(realm).publish(message);
      } catch (error) {
        if (!(error instanceof ServiceError) && !isMqttError(error)) throw error;
        throw new ActionFailure(error.message, { isTransient: false, report: { request }, cause: error });
      }
      return { request };
    },
  };
}

/** The model's constraints have been checked. */
const read = (parameters: Readonly<Record<string, unknown>>): RepublishParameters =>
  parameters as unknown as RepublishParameters;

/** `$$aws/…` stands for `$aws/…`, which `${` would otherwise be mistaken for. */
const topicOf = (given: string): string => (given.startsWith('$$') ? given.slice(1) : given);

/** Throws `InvalidRequestException` for topics no rule publishes to (AWS: "Republish", parameters). */
function checkTopic(topic: string): void {
  if (topic === '' || /[+#\0]/.test(topic)) throw invalid(`\`${topic}\` is no topic to publish to`);
  if (/^\$aws\/things\/[^/]+\/(jobs|defender)\//.test(topic)) {
    throw invalid(`a republish action may not publish to \`${topic}\`: jobs and Device Defender are not for rules`);
  }
}

/** Throws `InvalidRequestException` for a header that MQTT cannot carry. */
function propertiesOf(headers: Headers): Properties {
  const { payloadFormatIndicator, contentType, responseTopic, correlationData, messageExpiry, userProperties } =
    headers;
  const properties: Properties = {};
  if (payloadFormatIndicator !== undefined) properties.payloadFormatIndicator = indicatorOf(payloadFormatIndicator);
  if (messageExpiry !== undefined) properties.messageExpiryInterval = secondsOf(messageExpiry);
  if (contentType !== undefined) properties.contentType = bounded('contentType', contentType);
  if (responseTopic !== undefined) {
    if (/[+#]/.test(responseTopic)) throw invalid(`\`responseTopic\` has a wildcard: \`${responseTopic}\``);
    properties.responseTopic = bounded('responseTopic', responseTopic);
  }
  if (correlationData !== undefined) properties.correlationData = bytesOf(bounded('correlationData', correlationData));
  if (userProperties !== undefined) {
    properties.userProperties = userProperties.map(
      ({ key, value }) => [bounded('key', key), bounded('value', value)] as const,
    );
  }
  return properties;
}

function indicatorOf(text: string): 0 | 1 {
  if (text === 'UTF8_DATA') return 1;
  if (text === 'UNSPECIFIED_BYTES') return 0;
  throw invalid(`\`payloadFormatIndicator\` expects UNSPECIFIED_BYTES or UTF8_DATA, not \`${text}\``);
}

function secondsOf(text: string): number {
  const seconds = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (seconds <= 0xffff_ffff) return seconds;
  throw invalid(`\`messageExpiry\` expects seconds, not \`${text}\``);
}

function bytesOf(text: string): Buffer {
  if (/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return Buffer.from(text, 'base64');
  throw invalid(`\`correlationData\` expects base64, not \`${text}\``);
}

function bounded(name: string, text: string): string {
  if (text.length <= 1024) return text;
  throw invalid(`\`${name}\` has ${text.length} characters; it may have 1024`);
}

const isMqttError = (error: unknown): error is Error => error instanceof Error && error.name === 'MqttError';

const invalid = (message: string): ServiceError => new ServiceError('InvalidRequestException', message);
