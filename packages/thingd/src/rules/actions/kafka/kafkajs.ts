/** A producer by KafkaJS, which is imported when a rule first sends to Kafka. */
import { ActionFailure } from '@thingd/core';
import type { ICustomPartitioner, ProducerRecord } from 'kafkajs';
import { codecs } from './codecs.ts';
import type { OpenProducer } from './producer.ts';

/** Milliseconds a broker may take for a connection, and for an answer. */
const connectionTimeout = 3000;
const requestTimeout = 5000;

/** Within one attempt, for leaders that have moved and topics that come about; how often to attempt is the rule engine's to say. */
const retry = { initialRetryTime: 100, maxRetryTime: 1000, retries: 4 };

export const openKafkaJs: OpenProducer = async ({ brokers, acks, compression, tls, sasl }) => {
  const { CompressionTypes, CompressionCodecs, Kafka, logLevel, Partitioners } = (await import('kafkajs')).default;
  Object.assign(CompressionCodecs, {
    [CompressionTypes.Snappy]: () => codecs.snappy,
    [CompressionTypes.ZSTD]: () => codecs.zstd,
  });
  const compressions = {
    none: CompressionTypes.None,
    gzip: CompressionTypes.GZIP,
    snappy: CompressionTypes.Snappy,
    zstd: CompressionTypes.ZSTD,
  };
  const kafka = new Kafka({
    clientId: 'thingd',
    brokers: [...brokers],
    connectionTimeout,
    authenticationTimeout: requestTimeout,
    requestTimeout,
    retry,
    // What goes wrong is told by the attempt that fails.
    logLevel: logLevel.NOTHING,
    ...(tls && { ssl: tls }),
    ...(sasl && { sasl }),
  });
  const producer = kafka.producer({ createPartitioner: existing(Partitioners.DefaultPartitioner), retry });
  try {
    await producer.connect();
  } catch (error) {
    await producer.disconnect().catch(() => {});
    throw failureOf(error);
  }
  return {
    async send({ topic, key, partition, headers, value }) {
      const message = {
        key: key ?? null,
        value,
        headers: headersOf(headers),
        ...(partition !== undefined && { partition }),
      };
      const record: ProducerRecord = { topic, acks, compression: compressions[compression], messages: [message] };
      try {
        const [placed] = await producer.send(record);
        return placed === undefined ? 'not acknowledged' : `partition ${placed.partition}, offset ${placed.baseOffset}`;
      } catch (error) {
        throw failureOf(error);
      }
    },
    close: () => producer.disconnect(),
  };
};

/** KafkaJS drops a record whose partition does not exist, and says nothing. */
const existing =
  (createPartitioner: ICustomPartitioner): ICustomPartitioner =>
  () => {
    const choose = createPartitioner();
    return args => {
      const { topic, partitionMetadata } = args;
      const chosen = choose(args);
      if (partitionMetadata.some(({ partitionId }) => partitionId === chosen)) return chosen;
      throw new ActionFailure(`topic \`${topic}\` has no partition ${chosen}`, { isTransient: false });
    };
  };

/** A key that comes twice has both values, in order. */
function headersOf(headers: readonly { readonly key: string; readonly value: string }[]): Record<string, string[]> {
  const lists: Record<string, string[]> = {};
  for (const { key, value } of headers) lists[key] = [...(lists[key] ?? []), value];
  return lists;
}

/** As KafkaJS throws them; what it tried in vain has what went wrong as its cause. */
interface KafkaJsError extends Error {
  readonly retriable?: boolean;
}

function failureOf(error: unknown): ActionFailure {
  if (error instanceof ActionFailure) return error;
  const { name, message, retriable, cause } = error as KafkaJsError;
  const isTransient = retriable === true || name === 'KafkaJSNumberOfRetriesExceeded';
  const why = name === 'KafkaJSNumberOfRetriesExceeded' && cause instanceof Error ? cause.message : message;
  return new ActionFailure(why, { isTransient, cause: error });
}
