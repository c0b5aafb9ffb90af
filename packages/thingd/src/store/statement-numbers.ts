/**
 * Statements by number, so that their texts cross to the store's thread once and not with each use. There are few, written in the
 * program; texts beyond the limit, lists of any length among them, go as they are.
 */
import type { StatementName } from './requests.ts';

/** The store's thread keeps as many prepared. */
const limit = 500;

export class StatementNumbers {
  readonly #numbers = new Map<string, number>();
  #unsaid: string[] = [];

  nameOf(sql: string): StatementName {
    const known = this.#numbers.get(sql);
    if (known !== undefined) return known;
    if (this.#numbers.size >= limit) return sql;
    const number = this.#numbers.size;
    this.#numbers.set(sql, number);
    this.#unsaid.push(sql);
    return number;
  }

  /** Texts that have been given a number since this was last asked, in the order of their numbers. */
  takeUnsaid(): readonly string[] {
    const unsaid = this.#unsaid;
    if (unsaid.length > 0) this.#unsaid = [];
    return unsaid;
  }
}
