/** A published message as rules see it: read as text once and decoded once per dialect, however many rules look at it. */
import { parseJsonText, startsAsDocument } from './value/json.ts';
import { type Arithmetic, droppingZeros, keepingZeros } from './value/numbers.ts';
import { bufferOf, RawPayload, utf8Text } from './value/scalar.ts';
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
  /** `null` if it is not known yet. */
  #text: string | undefined | null = null;
  #keptZeros: Value | undefined;
  #droppedZeros: Value | undefined;
  #segments: readonly string[] | undefined;

  constructor(published: PublishedMessage) {
    this.published = published;
  }

  get payload(): Buffer {
    return bufferOf(this.published.payload);
  }

  /** The payload in UTF-8; `undefined` if it is no text. */
  get text(): string | undefined {
    if (this.#text === null) this.#text = utf8Text(this.published.payload);
    return this.#text;
  }

  /** What `*` is: JSON, or `RawPayload`. */
  body(version: SqlVersion): Value {
    if (version === '2015-10-08') {
      this.#keptZeros ??= this.#decode(keepingZeros);
      return this.#keptZeros;
    }
    this.#droppedZeros ??= this.#decode(droppingZeros);
    return this.#droppedZeros;
  }

  /**
   * Objects and arrays are JSON; everything else, a lone number or string too, is bytes to be decoded by
   * `decode(encode(*, 'base64'), 'base64')` (AWS: "Working with binary payloads").
   */
  #decode(arithmetic: Arithmetic): Value {
    const { payload } = this.published;
    const text = startsAsDocument(payload) ? this.text : undefined;
    return (text === undefined ? undefined : parseJsonText(text, arithmetic)) ?? new RawPayload(payload);
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
