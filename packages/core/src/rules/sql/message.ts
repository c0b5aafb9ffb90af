/** A published message as rules see it: read as text once and decoded once per dialect, however many rules look at it. */
import { parseJsonText, startsAsDocument } from './value/json.ts';
import { bufferOf, RawPayload, utf8Text } from './value/scalar.ts';
import type { Value } from './value/value.ts';
import { arithmeticOf, type SqlVersion } from './version.ts';

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

export class RuleMessage {
  readonly published: PublishedMessage;
  /** `null` if it is not known yet. */
  #text: string | undefined | null = null;
  #keptZeros: Value;
  #droppedZeros: Value;
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
    return (version === '2015-10-08' ? this.#keptZeros : this.#droppedZeros) ?? this.#decode(version);
  }

  /**
   * Objects and arrays are JSON; everything else, a lone number or string too, is bytes to be decoded by
   * `decode(encode(*, 'base64'), 'base64')` (AWS: "Working with binary payloads").
   */
  #decode(version: SqlVersion): Value {
    const { payload } = this.published;
    const text = startsAsDocument(payload) ? this.text : undefined;
    const json = text === undefined ? undefined : parseJsonText(text, arithmeticOf(version));
    const body = json ?? new RawPayload(payload);
    if (version === '2015-10-08') this.#keptZeros = body;
    else this.#droppedZeros = body;
    return body;
  }

  /** The topic's levels without the prefix of Basic Ingest (AWS: "Basic Ingest"). */
  get segments(): readonly string[] {
    return this.#segments ?? this.#split();
  }

  #split(): readonly string[] {
    const levels = this.published.topic.split('/');
    const isBasicIngest = levels.length > 2 && levels[0] === '$aws' && levels[1] === 'rules';
    this.#segments = isBasicIngest ? levels.slice(3) : levels;
    return this.#segments;
  }
}
