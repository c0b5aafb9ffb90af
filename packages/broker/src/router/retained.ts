/**
 * The last retained message of each topic, found by topic or by filter. [MQTT5 3.3.1.3]
 *
 * A tree of topic levels, the mirror of `TopicTree`: there filters wait for a topic, here topics wait for a filter.
 */
import type { Profile } from '../profile.ts';
import { type Message, type OutsideMessage, propertyBytes } from './message.ts';

/** What a level of the tree costs with its map and its place in another, and a message with its publisher, beside text and payload. */
const levelOverhead = 230;
const messageOverhead = 240;

type Sized = Pick<OutsideMessage, 'topic' | 'payload' | 'properties'>;

/** The topic counts twice: its levels are strings of their own. */
const bytesOf = ({ topic, payload, properties }: Sized): number =>
  messageOverhead + payload.length + 2 * topic.length + propertyBytes(properties);

class Level {
  message: Message | undefined;
  children: Map<string, Level> | undefined;
}

export const isExpired = ({ properties, publishedAt }: Message, now: number): boolean =>
  properties?.messageExpiryInterval !== undefined && now - publishedAt >= properties.messageExpiryInterval * 1000;

export class RetainedMessages {
  readonly #profile: Profile;
  readonly #root = new Level();
  #size = 0;
  #bytes = 0;
  /** Those kept that will expire. */
  readonly #expiring = new Set<Message>();

  constructor(profile: Profile) {
    this.#profile = profile;
  }

  /** Whether messages are retained on this topic at all. */
  keeps(topic: string): boolean {
    return this.#profile.retainOnReservedTopics || !topic.startsWith('$');
  }

  /** INVARIANT: what is kept stays within the profile's bounds; ask before `set`. */
  hasRoom(message: Sized): boolean {
    const { maxRetainedMessages, maxRetainedBytes } = this.#profile;
    if (message.payload.length === 0) return true;
    if (maxRetainedBytes > 0 && !this.#hasBytes(message, maxRetainedBytes - this.#bytes)) return false;
    return maxRetainedMessages === 0 || this.#size < maxRetainedMessages || this.get(message.topic) !== undefined;
  }

  #hasBytes(message: Sized, free: number): boolean {
    let bytes = bytesOf(message);
    // Far from the bound the tree need not be asked which levels are new.
    if (bytes + levelOverhead * (message.topic.length + 1) <= free) return true;
    let level: Level | undefined = this.#root;
    for (const name of message.topic.split('/')) {
      level = level?.children?.get(name);
      if (level === undefined) bytes += levelOverhead;
    }
    if (level?.message !== undefined) bytes -= bytesOf(level.message);
    return bytes <= free;
  }

  get size(): number {
    return this.#size;
  }

  /** What all of it takes in memory: an estimate. */
  get bytes(): number {
    return this.#bytes;
  }

  get(topic: string): Message | undefined {
    let level: Level | undefined = this.#root;
    for (const name of topic.split('/')) {
      level = level.children?.get(name);
      if (level === undefined) return undefined;
    }
    return level.message;
  }

  /** Keeps `message`, replacing the topic's last. An empty payload removes it. [MQTT-3.3.1-6] */
  set(message: Message): void {
    if (message.payload.length === 0) {
      this.delete(message.topic);
      return;
    }
    let level = this.#root;
    for (const name of message.topic.split('/')) {
      level.children ??= new Map();
      let child = level.children.get(name);
      if (child === undefined) {
        child = new Level();
        level.children.set(name, child);
        this.#bytes += levelOverhead;
      }
      level = child;
    }
    this.#count(level.message, -1);
    level.message = message;
    this.#count(message, 1);
  }

  delete(topic: string): boolean {
    const names = topic.split('/');
    const path = [this.#root];
    for (const name of names) {
      const next = path.at(-1)!.children?.get(name);
      if (next === undefined) return false;
      path.push(next);
    }
    const last = path.at(-1)!;
    if (last.message === undefined) return false;
    this.#count(last.message, -1);
    last.message = undefined;
    for (let depth = names.length; depth > 0; depth--) {
      const level = path[depth]!;
      if (level.message !== undefined || level.children !== undefined) break;
      const parent = path[depth - 1]!;
      parent.children!.delete(names[depth - 1]!);
      this.#bytes -= levelOverhead;
      if (parent.children!.size > 0) break;
      parent.children = undefined;
    }
    return true;
  }

  /** Those whose message expiry interval has passed; nobody gets them any more, but they take room until deleted. [MQTT-3.3.2-5] */
  expired(now: number): Message[] {
    return [...this.#expiring].filter(message => isExpired(message, now));
  }

  /** The messages a new subscription to an unshared `filter` gets. Leading wildcards leave `$` topics alone. [MQTT-4.7.2-1] */
  match(filter: string, now: number): Message[] {
    const { retainedForExactFiltersOnly } = this.#profile;
    if (retainedForExactFiltersOnly && (filter.includes('#') || filter.includes('+'))) return [];
    return this.#find(filter).filter(message => !isExpired(message, now));
  }

  #find(filter: string): Message[] {
    const found: Message[] = [];
    const { hashMatchesParent } = this.#profile;
    const names = filter.split('/');
    const pending: { readonly level: Level; readonly depth: number }[] = [{ level: this.#root, depth: 0 }];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const { level, depth } = next;
      const name = names[depth];
      if (name === undefined) {
        if (level.message !== undefined) found.push(level.message);
      } else if (name === '#') {
        if (depth > 0 && hashMatchesParent && level.message !== undefined) found.push(level.message);
        for (const child of children(level, depth)) collect(child, found);
      } else if (name === '+') {
        for (const child of children(level, depth)) pending.push({ level: child, depth: depth + 1 });
      } else {
        const child = level.children?.get(name);
        if (child !== undefined) pending.push({ level: child, depth: depth + 1 });
      }
    }
    return found;
  }

  *[Symbol.iterator](): IterableIterator<Message> {
    const pending = [this.#root];
    for (let level = pending.pop(); level !== undefined; level = pending.pop()) {
      if (level.message !== undefined) yield level.message;
      for (const child of level.children?.values() ?? []) pending.push(child);
    }
  }

  #count(message: Message | undefined, sign: 1 | -1): void {
    if (message === undefined) return;
    this.#size += sign;
    this.#bytes += sign * bytesOf(message);
    if (message.properties?.messageExpiryInterval === undefined) return;
    if (sign > 0) this.#expiring.add(message);
    else this.#expiring.delete(message);
  }
}

function* children(level: Level, depth: number): IterableIterator<Level> {
  if (level.children === undefined) return;
  for (const [name, child] of level.children) if (depth > 0 || !name.startsWith('$')) yield child;
}

function collect(level: Level, found: Message[]): void {
  const pending = [level];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next.message !== undefined) found.push(next.message);
    if (next.children !== undefined) for (const child of next.children.values()) pending.push(child);
  }
}
