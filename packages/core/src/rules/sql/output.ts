/** What a statement makes of a message. */
import type { RuleMessage } from './message.ts';
import { jsonText } from './value/convert.ts';
import { bufferOf, RawPayload, utf8Text } from './value/scalar.ts';
import type { Value } from './value/value.ts';
import type { SqlVersion } from './version.ts';

/** `matched` and `output` say what to do; the values of the clauses say why. */
export interface Result {
  readonly matched: boolean;
  /** Present if and only if `matched`. */
  readonly output: Output | undefined;
  /** What WHERE came to; true without one. */
  readonly where: Value;
  /** The values of SET, in the order of `CompiledStatement.variables`. */
  readonly variables: readonly Value[];
}

/** What SELECT makes of it, for actions that want a value and for those that want bytes. */
export interface Output {
  /** JSON; or `RawPayload` for bytes that are not; or Undefined if `SELECT VALUE` found nothing. */
  readonly value: Value;
  /** The value serialized, once: minified JSON, raw bytes as they are, nothing for Undefined. */
  readonly payload: Buffer;
  /** The same as text; `undefined` if it is none. */
  readonly text: string | undefined;
}

/** Of a statement without SET. */
export const noValues: readonly Value[] = [];

/** An output that is also the result of a statement without SET whose WHERE is true: most are, and need no other object. */
abstract class OwnResult implements Result, Output {
  abstract readonly value: Value;
  abstract readonly payload: Buffer;
  abstract readonly text: string | undefined;

  get matched(): boolean {
    return true;
  }

  get output(): Output {
    return this;
  }

  get where(): Value {
    return true;
  }

  get variables(): readonly Value[] {
    return noValues;
  }
}

export class SelectedValue extends OwnResult {
  readonly value: Value;
  #payload: Buffer | undefined;
  #text: string | undefined;

  constructor(value: Value) {
    super();
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
export class WholeMessage extends OwnResult {
  readonly #message: RuleMessage;
  readonly #version: SqlVersion;

  constructor(message: RuleMessage, version: SqlVersion) {
    super();
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
