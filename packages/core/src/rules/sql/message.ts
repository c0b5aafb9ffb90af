/** A published message as rules see it: decoded at most once per dialect, however many rules look at it. */
import { decodePayload } from './value/json.ts';
import { droppingZeros, keepingZeros } from './value/numbers.ts';
import type { Value } from './value/value.ts';
import type { SqlVersion } from './version.ts';

export interface PublishedMessage {
  /** As published, with the prefix `$aws/rules/<rule>` of Basic Ingest. */
  readonly topic: string;
  readonly payload: Uint8Array;
  /** Absent when it was not published over MQTT. */
  readonly clientId?: string | undefined;
  readonly principal?: string | undefined;
  readonly sourceIp?: string | undefined;
  /** A UUID; absent when it was not published over MQTT. */
  readonly traceId?: string | undefined;
  /** Of MQTT 5. */
  readonly properties?: MessageProperties | undefined;
}

export interface MessageProperties {
  /** Whether the payload format indicator says UTF-8. */
  readonly isUtf8?: boolean | undefined;
  readonly contentType?: string | undefined;
  readonly responseTopic?: string | undefined;
  readonly correlationData?: Uint8Array | undefined;
  readonly userProperties?: readonly (readonly [name: string, value: string])[] | undefined;
}

const BASIC_INGEST = '$aws/rules/';

export class RuleMessage {
  readonly published: PublishedMessage;
  #keptZeros: Value | undefined;
  #droppedZeros: Value | undefined;
  #segments: readonly string[] | undefined;

  constructor(published: PublishedMessage) {
    this.published = published;
  }

  /** What `*` is: JSON, or `RawPayload`. */
  body(version: SqlVersion): Value {
    if (version === '2015-10-08') {
      this.#keptZeros ??= decodePayload(this.published.payload, keepingZeros);
      return this.#keptZeros;
    }
    this.#droppedZeros ??= decodePayload(this.published.payload, droppingZeros);
    return this.#droppedZeros;
  }

  /** The topic's levels without the prefix of Basic Ingest (AWS: "Basic Ingest"). */
  get segments(): readonly string[] {
    this.#segments ??= segmentsOf(this.published.topic);
    return this.#segments;
  }
}

function segmentsOf(topic: string): readonly string[] {
  const segments = topic.split('/');
  return topic.startsWith(BASIC_INGEST) ? segments.slice(3) : segments;
}
