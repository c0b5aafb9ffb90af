/**
 * A batch of the broker's changes as one run of bytes, so that a turn of the event loop costs one message between threads.
 *
 * The program's thread numbers the sessions and packs; the store's thread unpacks (`broker-tables.ts`) and never sees a
 * message's inside.
 */
import type { SessionKey, StoreChange } from '@thingd/broker';
import { ByteWriter, writeMessage, writeWill } from './message-body.ts';

/** First byte of each record. */
export const record = {
  session: 1,
  sessionEnded: 2,
  subscribed: 3,
  unsubscribed: 4,
  /** A message the following `queued` records of this batch refer to by its place among the batch's messages. */
  message: 5,
  queued: 6,
  sent: 7,
  released: 8,
  delivered: 9,
  received: 10,
  completed: 11,
  retained: 12,
  retainedDeleted: 13,
  will: 14,
  willOver: 15,
} as const;

/** Bits of `subscription.options`. */
export const subscriptionOptions = {
  qos: 0x03,
  noLocal: 0x04,
  retainAsPublished: 0x08,
  retainHandlingShift: 4,
} as const;
/** Bits of `queued.options`. */
export const deliveryOptions = { qos: 0x03, retain: 0x04, released: 0x08 } as const;

/** Finds the number of a session, giving it one when it is new. */
export interface SessionNumbers {
  number(realm: string, clientId: string): number;
  forget(realm: string, clientId: string): void;
}

type Change<Kind extends StoreChange['kind']> = Extract<StoreChange, { kind: Kind }>;

export class JournalEncoder {
  readonly #writer = new ByteWriter(64 << 10);
  readonly #sessions: SessionNumbers;

  constructor(sessions: SessionNumbers) {
    this.#sessions = sessions;
  }

  /** A batch of its own bytes, to be given away to the other thread. */
  encode(changes: readonly StoreChange[]): Uint8Array<ArrayBuffer> {
    const messages = new Map<object, number>();
    for (const change of changes) this.#change(change, messages);
    return this.#writer.finish();
  }

  #change(change: StoreChange, messages: Map<object, number>): void {
    switch (change.kind) {
      case 'queued':
        this.#queued(change, messages);
        break;
      case 'sent':
        this.#head(record.sent, change.key);
        this.#writer.f64(change.sequence);
        this.#writer.u16(change.packetId);
        break;
      case 'released':
      case 'delivered':
        this.#head(record[change.kind], change.key);
        this.#writer.f64(change.sequence);
        break;
      case 'received':
      case 'completed':
        this.#head(record[change.kind], change.key);
        this.#writer.u16(change.packetId);
        break;
      case 'session':
        this.#session(change);
        break;
      case 'sessionEnded':
        this.#head(record.sessionEnded, change.key);
        this.#sessions.forget(change.key.realm, change.key.clientId);
        break;
      case 'subscribed':
        this.#subscribed(change);
        break;
      case 'unsubscribed':
        this.#head(record.unsubscribed, change.key);
        this.#text(change.filter);
        break;
      case 'will':
        this.#will(change);
        break;
      case 'willOver':
        this.#writer.u8(record.willOver);
        this.#text(change.key.realm);
        this.#text(change.key.clientId);
        break;
      case 'retained':
        this.#retained(change);
        break;
      default:
        change satisfies never;
    }
  }

  #queued({ key, delivery }: Change<'queued'>, messages: Map<object, number>): void {
    const w = this.#writer;
    let message = messages.get(delivery.message);
    if (message === undefined) {
      message = messages.size;
      messages.set(delivery.message, message);
      w.u8(record.message);
      const at = this.#beginBytes();
      writeMessage(w, delivery.message);
      this.#endBytes(at);
    }
    const { retain, released } = deliveryOptions;
    this.#head(record.queued, key);
    w.f64(delivery.sequence);
    w.u32(message);
    w.u8(delivery.qos | (delivery.retain ? retain : 0) | (delivery.released ? released : 0));
    w.u16(delivery.packetId);
    this.#text(delivery.subscriptionIdentifiers.join(','));
    this.#text(delivery.sharedFilter ?? '');
  }

  #session({ key, principal, sessionExpiryInterval, disconnectedAt, pendingWill }: Change<'session'>): void {
    const w = this.#writer;
    this.#head(record.session, key);
    this.#text(key.realm);
    this.#text(key.clientId);
    this.#text(principal);
    w.u32(sessionExpiryInterval);
    w.f64(disconnectedAt ?? Number.NaN);
    w.f64(pendingWill?.dueAt ?? Number.NaN);
    if (pendingWill === undefined) return;
    const at = this.#beginBytes();
    writeWill(w, pendingWill.will);
    this.#endBytes(at);
  }

  #subscribed({ key, subscription }: Change<'subscribed'>): void {
    const { noLocal, retainAsPublished, retainHandlingShift } = subscriptionOptions;
    this.#head(record.subscribed, key);
    this.#text(subscription.filter);
    this.#writer.u8(
      subscription.qos |
        (subscription.noLocal ? noLocal : 0) |
        (subscription.retainAsPublished ? retainAsPublished : 0) |
        (subscription.retainHandling << retainHandlingShift),
    );
    this.#writer.u32(subscription.subscriptionIdentifier ?? 0);
  }

  #will({ key, principal, will }: Change<'will'>): void {
    this.#writer.u8(record.will);
    this.#text(key.realm);
    this.#text(key.clientId);
    this.#text(principal);
    const at = this.#beginBytes();
    writeWill(this.#writer, will);
    this.#endBytes(at);
  }

  #retained({ realm, message }: Change<'retained'>): void {
    const deleted = message.payload.length === 0;
    this.#writer.u8(deleted ? record.retainedDeleted : record.retained);
    this.#text(realm);
    this.#text(message.topic);
    if (deleted) return;
    const at = this.#beginBytes();
    writeMessage(this.#writer, message);
    this.#endBytes(at);
  }

  #head(kind: number, key: SessionKey): void {
    this.#writer.u8(kind);
    this.#writer.u32(this.#sessions.number(key.realm, key.clientId));
  }

  #text(value: string): void {
    const at = this.#writer.length;
    // Not two bytes: a list of subscription identifiers may be longer than any string of MQTT.
    this.#writer.u32(0);
    this.#writer.patchU32(at, this.#writer.text(value));
  }

  /** Room for the length of what is written next; `#endBytes` fills it in. */
  #beginBytes(): number {
    this.#writer.u32(0);
    return this.#writer.length;
  }

  #endBytes(start: number): void {
    this.#writer.patchU32(start - 4, this.#writer.length - start);
  }
}

/** Reads what `JournalEncoder` wrote, field by field. */
export class JournalReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(journal: Uint8Array) {
    this.#bytes = Buffer.from(journal.buffer, journal.byteOffset, journal.byteLength);
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  u8(): number {
    return this.#bytes.readUInt8(this.#at++);
  }

  u16(): number {
    this.#at += 2;
    return this.#bytes.readUInt16LE(this.#at - 2);
  }

  u32(): number {
    this.#at += 4;
    return this.#bytes.readUInt32LE(this.#at - 4);
  }

  f64(): number {
    this.#at += 8;
    return this.#bytes.readDoubleLE(this.#at - 8);
  }

  text(): string {
    const length = this.u32();
    this.#at += length;
    return this.#bytes.toString('utf8', this.#at - length, this.#at);
  }

  bytes(): Uint8Array {
    const length = this.u32();
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}
