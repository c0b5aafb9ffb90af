/** One evaluation of a statement or a template: what it reads, and where it is. */
import { EvaluationError } from '../evaluation-error.ts';
import type { RuleMessage } from '../message.ts';
import type { EvaluationContext } from '../services.ts';
import type { Value } from '../value/value.ts';
import type { SqlVersion } from '../version.ts';
import type { Journal } from './journal.ts';

/** Elements all nested queries of one evaluation may visit: queries inside of queries multiply. */
const MAX_ELEMENTS = 1_000_000;

/** Shared by all evaluations without nested queries, which are nearly all. */
const noElements: Value[] = [];

export class Evaluation {
  readonly message: RuleMessage;
  readonly context: EvaluationContext;
  readonly version: SqlVersion;
  /** Values of SET, in its order; later ones are appended as they are computed. */
  readonly variables: Value[];
  /** The element each sub-select stands at, from the outermost to the innermost. */
  elements: Value[] = noElements;
  readonly #journal: Journal | undefined;
  #body: Value | undefined;
  #visited = 0;

  constructor(
    message: RuleMessage,
    context: EvaluationContext,
    version: SqlVersion,
    variables: Value[],
    journal: Journal | undefined,
  ) {
    this.message = message;
    this.context = context;
    this.version = version;
    this.variables = variables;
    this.#journal = journal;
  }

  /** The payload: JSON, or `RawPayload`. Decoded when it is first asked for, so that `SELECT *` never is. */
  get body(): Value {
    this.#body ??= this.message.body(this.version);
    return this.#body;
  }

  /** Makes `element` what the sub-select at that depth stands at. */
  visit(depth: number, element: Value): void {
    if (++this.#visited > MAX_ELEMENTS) {
      throw new EvaluationError('SELECT', `nested queries visited more than ${MAX_ELEMENTS} elements`);
    }
    if (this.elements === noElements) this.elements = [];
    this.elements[depth] = element;
  }

  /** An answer that may be another at each asking, such as the time: where the evaluation is repeated it stays the first. */
  once(ask: () => Value): Value {
    return this.#journal === undefined ? ask() : this.#journal.once(ask);
  }

  /** An answer that takes time. Only statements compiled as asynchronous ask for any. */
  await(ask: () => Promise<Value>): Value {
    if (this.#journal === undefined) throw new Error('an external function was called in a synchronous evaluation');
    return this.#journal.await(ask);
  }
}
