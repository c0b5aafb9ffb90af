/** What SELECT makes of a message, for actions that want a value and for those that want bytes. */
import type { RuleMessage } from './message.ts';
import { jsonText } from './value/convert.ts';
import { bufferOf, RawPayload, utf8Text } from './value/scalar.ts';
import type { Value } from './value/value.ts';
import type { SqlVersion } from './version.ts';

export interface Output {
  /** JSON; or `RawPayload` for bytes that are not; or Undefined if `SELECT VALUE` found nothing. */
  readonly value: Value;
  /** The value serialized, once: minified JSON, raw bytes as they are, nothing for Undefined. */
  readonly payload: Buffer;
  /** The same as text; `undefined` if it is none. */
  readonly text: string | undefined;
}

export class SelectedValue implements Output {
  readonly value: Value;
  #payload: Buffer | undefined;
  #text: string | undefined;

  constructor(value: Value) {
    this.value = value;
  }

  get text(): string | undefined {
    if (this.value instanceof RawPayload) return utf8Text(this.value.bytes);
    this.#text ??= jsonText(this.value);
    return this.#text;
  }

  get payload(): Buffer {
    this.#payload ??= this.value instanceof RawPayload ? bufferOf(this.value.bytes) : Buffer.from(this.text!);
    return this.#payload;
  }
}

/** `SELECT *`: the message's own payload, neither read nor written. */
export class WholeMessage implements Output {
  readonly #message: RuleMessage;
  readonly #version: SqlVersion;

  constructor(message: RuleMessage, version: SqlVersion) {
    this.#message = message;
    this.#version = version;
  }

  get value(): Value {
    return this.#message.body(this.#version);
  }

  get payload(): Buffer {
    return this.#message.payload;
  }

  get text(): string | undefined {
    return this.#message.text;
  }
}
