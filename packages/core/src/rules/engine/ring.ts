/** The last so many of something: what is added pushes out the oldest. */
export class Ring<T> {
  readonly #capacity: number;
  readonly #items: T[] = [];
  /** Where the next one goes: the place of the oldest, once all are taken. */
  #next = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  push(item: T): void {
    this.#items[this.#next] = item;
    this.#next = (this.#next + 1) % this.#capacity;
  }

  has(item: T): boolean {
    return this.#items.includes(item);
  }

  /** The oldest first. */
  *[Symbol.iterator](): IterableIterator<T> {
    const { length } = this.#items;
    for (let index = 0; index < length; index++) yield this.#items[(this.#next + index) % length]!;
  }
}
