/** The `kafka` action: what SELECT made, as a record of a topic (AWS: "Apache Kafka"). */
import { ActionFailure, type ActionRunner, ServiceError } from '@thingd/core';
import { type ClientProperties, checkProperties, confidentialProperties } from './client-properties.ts';
import { openKafkaJs } from './kafkajs.ts';
import type { KafkaRecord } from './producer.ts';
import { KafkaProducers } from './producers.ts';

export { KafkaProducers, openKafkaJs };

interface KafkaParameters {
  readonly topic: string;
  readonly key?: string;
  /** A number as text. */
  readonly partition?: string;
  readonly headers?: readonly { readonly key: string; readonly value: string }[];
  readonly clientProperties: ClientProperties;
}

/** Milliseconds one attempt may take, a connection included. */
const callTimeout = 10_000;

export function kafka(producers: KafkaProducers): ActionRunner {
  const read = (parameters: object): KafkaParameters => parameters as KafkaParameters;
  return {
    failedAction: 'KafkaAction',
    literals: ['destinationArn'],
    confidential: confidentialProperties.map(name => `clientProperties.${name}`),
    check(parameters) {
      const { partition, clientProperties } = read(parameters);
      checkProperties(clientProperties);
      if (partition !== undefined && !partition.includes('${')) partitionOf(partition);
    },
    resourceOf: parameters => read(parameters).topic,
    async run({ parameters, payload, signal }) {
      const { clientProperties, ...rest } = read(parameters);
      const report = { request: `PRODUCE ${rest.topic}` };
      try {
        const record = recordOf(rest, payload);
        checkProperties(clientProperties);
        const sending = producers.with(clientProperties, producer => producer.send(record));
        return { ...report, response: await inTime(sending, signal) };
      } catch (error) {
        if (!(error instanceof ActionFailure) && !(error instanceof ServiceError)) throw error;
        const isTransient = error instanceof ActionFailure && error.isTransient;
        throw new ActionFailure(error.message, { isTransient, report, cause: error });
      }
    },
  };
}

/** Throws `InvalidRequestException` for what Kafka cannot take. */
function recordOf(parameters: Omit<KafkaParameters, 'clientProperties'>, value: Buffer): KafkaRecord {
  const { topic, key, partition, headers = [] } = parameters;
  if (!/^[\w.-]{1,249}$/.test(topic)) throw invalid(`\`${topic}\` is no name of a topic`);
  return {
    topic,
    key: key === '' ? undefined : key,
    partition: partition === undefined ? undefined : partitionOf(partition),
    headers,
    value,
  };
}

function partitionOf(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw invalid(`\`partition\` expects an integer, not \`${text}\``);
}

/** The client knows no signals: an attempt that takes too long is left to end by itself. */
async function inTime<Result>(work: Promise<Result>, stopping: AbortSignal): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>();
  const fail = (message: string) => reject(new ActionFailure(message, { isTransient: true }));
  const timer = setTimeout(() => fail(`no answer within ${callTimeout} ms`), callTimeout).unref();
  const stop = () => fail('thingd stops');
  stopping.addEventListener('abort', stop);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
    stopping.removeEventListener('abort', stop);
  }
}

const invalid = (message: string): ServiceError => new ServiceError('InvalidRequestException', message);
