/** Records in use, kept in memory up to a bound in bytes; the least recently used go first. */
export class RecentlyUsed<Value> {
  readonly #capacity: number;
  readonly #sizeOf: (value: Value) => number;
  readonly #values = new Map<string, Value>();
  #bytes = 0;

  /** 0 bytes keep nothing. */
  constructor(capacityBytes: number, sizeOf: (value: Value) => number) {
    this.#capacity = capacityBytes;
    this.#sizeOf = sizeOf;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(key: string): Value | undefined {
    const value = this.#values.get(key);
    if (value !== undefined) {
      this.#values.delete(key);
      this.#values.set(key, value);
    }
    return value;
  }

  set(key: string, value: Value): void {
    this.delete(key);
    const bytes = this.#sizeOf(value);
    if (bytes > this.#capacity) return;
    this.#values.set(key, value);
    this.#bytes += bytes;
    while (this.#bytes > this.#capacity) this.delete(this.#values.keys().next().value as string);
  }

  delete(key: string): void {
    const value = this.#values.get(key);
    if (value === undefined) return;
    this.#values.delete(key);
    this.#bytes -= this.#sizeOf(value);
  }
}
