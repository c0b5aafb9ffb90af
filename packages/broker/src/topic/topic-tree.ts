/**
 * Values filed under topic filters, found by topic name.
 *
 * Filters without wildcards, which most are, live in one map; the others in a tree with a level of the filter per depth.
 * Nothing here recurses: a filter of 32,768 levels is legal and must not overflow the stack.
 */
import type { MatchOptions } from './topic.ts';
import { ValueSet } from './value-set.ts';

/** A place in the tree: the filters that begin with the levels on the way here. */
class Branch<T> {
  children: Map<string, Branch<T>> | undefined;
  /** The child for `+`. */
  plus: Branch<T> | undefined;
  /** Values of the filter that ends here. */
  values: ValueSet<T> | undefined;
  /** Values of the filter that continues with `#`. */
  hash: ValueSet<T> | undefined;

  get isEmpty(): boolean {
    return (
      this.children === undefined && this.plus === undefined && this.values === undefined && this.hash === undefined
    );
  }

  child(level: string): Branch<T> | undefined {
    return level === '+' ? this.plus : this.children?.get(level);
  }

  grow(level: string): Branch<T> {
    const child = new Branch<T>();
    if (level === '+') {
      this.plus = child;
    } else {
      this.children ??= new Map();
      this.children.set(level, child);
    }
    return child;
  }

  cut(level: string): void {
    if (level === '+') this.plus = undefined;
    else if (this.children?.delete(level) && this.children.size === 0) this.children = undefined;
  }
}

/**
 * ```ts
 * const tree = new TopicTree<string>()
 * tree.add('sensors/+/temperature', 'thermostat')
 * tree.match('sensors/kitchen/temperature') // ['thermostat']
 * ```
 */
export class TopicTree<T> {
  readonly #hashMatchesParent: boolean;
  readonly #exact = new Map<string, ValueSet<T>>();
  readonly #root = new Branch<T>();
  #generation = 0;
  #size = 0;

  constructor({ hashMatchesParent = true }: MatchOptions = {}) {
    this.#hashMatchesParent = hashMatchesParent;
  }

  /** Changes whenever the answer of `match` could: what was looked up under one generation holds until the next. */
  get generation(): number {
    return this.#generation;
  }

  /** How many (filter, value) pairs there are. */
  get size(): number {
    return this.#size;
  }

  /** How many places hold filters: one for each exact filter, one for each level of the tree. Walks all of them. */
  countBranches(): number {
    let count = this.#exact.size;
    const branches = [this.#root];
    for (let branch = branches.pop(); branch !== undefined; branch = branches.pop()) {
      if (branch !== this.#root) count += 1;
      if (branch.plus !== undefined) branches.push(branch.plus);
      for (const child of branch.children?.values() ?? []) branches.push(child);
    }
    return count;
  }

  /** Files `value` under a filter that passed `checkTopicFilter`; a pair that is there already changes nothing. */
  add(filter: string, value: T): void {
    if (!this.#valuesAt(filter).add(value)) return;
    this.#size += 1;
    this.#generation += 1;
  }

  /** Takes one pair away, and every branch that only led to it. Returns whether it was there. */
  remove(filter: string, value: T): boolean {
    const removed = hasWildcard(filter) ? this.#removeFromTree(filter, value) : this.#removeExact(filter, value);
    if (!removed) return false;
    this.#size -= 1;
    this.#generation += 1;
    return true;
  }

  /** The values whose filter matches `topic`, each once per filter it is filed under; in no promised order. */
  match(topic: string): T[] {
    const found: T[] = [];
    this.#exact.get(topic)?.copyTo(found);
    if (!this.#root.isEmpty) this.#matchTree(topic, found);
    return found;
  }

  #matchTree(topic: string, found: T[]): void {
    const levels = cutLevels(topic);
    const branches = [this.#root];
    const depths = [0];
    for (let branch = branches.pop(); branch !== undefined; branch = branches.pop()) {
      const depth = depths.pop()!;
      // A wildcard in the first level leaves `$` topics alone. [MQTT-4.7.2-1]
      const wildcards = depth > 0 || topic.charCodeAt(0) !== 0x24;
      const ends = depth === levels.length;
      if (branch.hash !== undefined && wildcards && (!ends || this.#hashMatchesParent)) branch.hash.copyTo(found);
      if (ends) {
        branch.values?.copyTo(found);
        continue;
      }
      const child = branch.children?.get(levels[depth]!);
      if (child !== undefined) {
        branches.push(child);
        depths.push(depth + 1);
      }
      if (branch.plus !== undefined && wildcards) {
        branches.push(branch.plus);
        depths.push(depth + 1);
      }
    }
  }

  #valuesAt(filter: string): ValueSet<T> {
    if (!hasWildcard(filter)) {
      const values = this.#exact.get(filter) ?? new ValueSet<T>();
      if (values.size === 0) this.#exact.set(filter, values);
      return values;
    }
    let branch = this.#root;
    for (const level of cutLevels(filter)) {
      if (level === '#') {
        branch.hash ??= new ValueSet();
        return branch.hash;
      }
      branch = branch.child(level) ?? branch.grow(level);
    }
    branch.values ??= new ValueSet();
    return branch.values;
  }

  #removeExact(filter: string, value: T): boolean {
    const values = this.#exact.get(filter);
    if (values === undefined || !values.delete(value)) return false;
    if (values.size === 0) this.#exact.delete(filter);
    return true;
  }

  #removeFromTree(filter: string, value: T): boolean {
    const levels = cutLevels(filter);
    const endsInHash = levels.at(-1) === '#';
    if (endsInHash) levels.pop();
    const path = [this.#root];
    for (const level of levels) {
      const next = path.at(-1)!.child(level);
      if (next === undefined) return false;
      path.push(next);
    }
    const last = path.at(-1)!;
    const values = endsInHash ? last.hash : last.values;
    if (values === undefined || !values.delete(value)) return false;
    if (values.size === 0) {
      if (endsInHash) last.hash = undefined;
      else last.values = undefined;
    }
    for (let depth = levels.length; depth > 0 && path[depth]!.isEmpty; depth--)
      path[depth - 1]!.cut(levels[depth - 1]!);
    return true;
  }
}

function hasWildcard(filter: string): boolean {
  return filter.includes('+') || filter.includes('#');
}

function cutLevels(topic: string): string[] {
  const levels: string[] = [];
  let start = 0;
  for (let slash = topic.indexOf('/'); slash !== -1; slash = topic.indexOf('/', start)) {
    levels.push(topic.slice(start, slash));
    start = slash + 1;
  }
  levels.push(topic.slice(start));
  return levels;
}
