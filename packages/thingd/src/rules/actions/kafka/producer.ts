/** What the action asks of a Kafka client, and no more: whose client it is nobody else knows. */
import type { KafkaSettings } from './client-properties.ts';

export interface KafkaRecord {
  readonly topic: string;
  /** Undefined for none: any partition will do. */
  readonly key: string | undefined;
  /** Undefined for the one the key leads to. */
  readonly partition: number | undefined;
  readonly headers: readonly { readonly key: string; readonly value: string }[];
  readonly value: Buffer;
}

export interface KafkaProducer {
  /** Resolves, when the cluster has acknowledged it as `acks` wants, to where it is. Rejects with `ActionFailure`. */
  send(record: KafkaRecord): Promise<string>;
  close(): Promise<void>;
}

/** Resolves when a broker has been reached; rejects with `ActionFailure`. */
export type OpenProducer = (settings: KafkaSettings) => Promise<KafkaProducer>;
