/** A set that is mostly one or two values: an array while it is small, a `Set` beyond, for a tree with millions of them. */

const SMALL = 8;

export class ValueSet<T> {
  #values: T[] | Set<T> = [];

  get size(): number {
    return Array.isArray(this.#values) ? this.#values.length : this.#values.size;
  }

  /** Whether the value is new. */
  add(value: T): boolean {
    if (Array.isArray(this.#values)) {
      if (this.#values.includes(value)) return false;
      this.#values.push(value);
      if (this.#values.length > SMALL) this.#values = new Set(this.#values);
      return true;
    }
    if (this.#values.has(value)) return false;
    this.#values.add(value);
    return true;
  }

  /** Whether the value was there. */
  delete(value: T): boolean {
    if (!Array.isArray(this.#values)) return this.#values.delete(value);
    const index = this.#values.indexOf(value);
    if (index === -1) return false;
    this.#values.splice(index, 1);
    return true;
  }

  /** Appends every value to `target`. */
  copyTo(target: T[]): void {
    for (const value of this.#values) target.push(value);
  }
}
