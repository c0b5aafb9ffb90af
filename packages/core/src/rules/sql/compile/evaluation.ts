/** One evaluation of a statement or a template, for the functions that read the message, the clock or chance, or ask services. */
import type { RuleMessage } from '../message.ts';
import type { EvaluationContext } from '../services.ts';
import type { Value } from '../value/value.ts';
import type { SqlVersion } from '../version.ts';
import type { Journal } from './journal.ts';

export class Evaluation {
  readonly version: SqlVersion;
  readonly message: RuleMessage;
  readonly context: EvaluationContext;
  readonly #journal: Journal | undefined;

  constructor(version: SqlVersion, message: RuleMessage, context: EvaluationContext, journal: Journal | undefined) {
    this.version = version;
    this.message = message;
    this.context = context;
    this.#journal = journal;
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
