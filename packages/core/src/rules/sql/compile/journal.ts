/**
 * Lets synchronous code wait. An evaluation that asks for an answer which is not there yet is given up, and begun again when the
 * answer is; answers it got before are read from the journal, in order. So each question is put once, external functions may
 * stand anywhere — in a nested query, in an argument of another — and expressions have one compiler, not two.
 */
import type { Value } from '../value/value.ts';

type Answer = { readonly value: Value } | { readonly error: unknown };

/** Thrown through the evaluation that must wait; no code but `replay` catches it. */
class Suspension {
  readonly answered: Promise<void>;

  constructor(answered: Promise<void>) {
    this.answered = answered;
  }
}

export class Journal {
  readonly #answers: Answer[] = [];
  #position = 0;

  once(ask: () => Value): Value {
    if (this.#position === this.#answers.length) this.#answers.push({ value: ask() });
    return this.#read();
  }

  await(ask: () => Promise<Value>): Value {
    if (this.#position < this.#answers.length) return this.#read();
    const answers = this.#answers;
    throw new Suspension(
      ask().then(
        value => void answers.push({ value }),
        error => void answers.push({ error }),
      ),
    );
  }

  #read(): Value {
    const answer = this.#answers[this.#position++]!;
    if ('error' in answer) throw answer.error;
    return answer.value;
  }

  rewind(): void {
    this.#position = 0;
  }
}

/** Runs `evaluate` until it has all its answers. */
export async function replay<T>(evaluate: (journal: Journal) => T): Promise<T> {
  const journal = new Journal();
  for (;;) {
    try {
      return evaluate(journal);
    } catch (suspension) {
      if (!(suspension instanceof Suspension)) throw suspension;
      await suspension.answered;
      journal.rewind();
    }
  }
}
