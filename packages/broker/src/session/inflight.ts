/**
 * Packet ids in use towards one client, and what is owed for each.
 *
 * A ring indexed by the low bits of the id, as large as what is in flight asks for: ids are handed out in order and mostly
 * acknowledged in order, so slots rarely collide and an entry costs three bytes and a reference.
 */
import type { Delivery } from './delivery.ts';

export const Owed = { nothing: 0, puback: 1, pubrec: 2, pubcomp: 3 } as const;
export type Owed = (typeof Owed)[keyof typeof Owed];

const smallest = 8;
/** Packet ids there are. [MQTT-2.2.1-3] */
const allIds = 65_535;
/** Where nothing was ever in flight: most sessions of most fleets. */
const noIds = new Uint16Array(1);
const noneOwed = new Uint8Array(1);
const noDeliveries: (Delivery | undefined)[] = [undefined];

export class Inflight {
  /** INVARIANT: an id in use sits at `id & (capacity - 1)`; 0 marks a free slot. */
  #ids = noIds;
  #owed = noneOwed;
  #deliveries = noDeliveries;
  #last = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Whether every packet id is in use. */
  get isFull(): boolean {
    return this.#size >= allIds;
  }

  /** Takes the next free packet id; only while there is one. */
  open(owed: Owed, delivery: Delivery | undefined): number {
    if (this.#ids === noIds) this.#grow(smallest);
    for (;;) {
      this.#last = (this.#last % allIds) + 1;
      const id = this.#last;
      if (this.#ids[id & (this.#ids.length - 1)] === 0) {
        this.#set(id, owed, delivery);
        return id;
      }
      if (this.#size * 2 > this.#ids.length) this.#grow(this.#ids.length * 2);
    }
  }

  /** Puts an entry back that an earlier run of the broker had. */
  restore(id: number, owed: Owed, delivery: Delivery): void {
    if (this.#ids === noIds) this.#grow(smallest);
    while (this.#ids[id & (this.#ids.length - 1)] !== 0) this.#grow(this.#ids.length * 2);
    this.#set(id, owed, delivery);
    this.#last = id;
  }

  owed(id: number): Owed {
    const slot = id & (this.#ids.length - 1);
    return id !== 0 && this.#ids[slot] === id ? (this.#owed[slot] as Owed) : Owed.nothing;
  }

  /** The delivery under an id, if it was kept. */
  delivery(id: number): Delivery | undefined {
    const slot = id & (this.#ids.length - 1);
    return this.#ids[slot] === id ? this.#deliveries[slot] : undefined;
  }

  owe(id: number, owed: Owed): void {
    this.#owed[id & (this.#ids.length - 1)] = owed;
  }

  close(id: number): void {
    const slot = id & (this.#ids.length - 1);
    if (this.#ids[slot] !== id) return;
    this.#ids[slot] = 0;
    this.#deliveries[slot] = undefined;
    this.#size -= 1;
  }

  /** Kept deliveries in flight, in the order they were queued. [MQTT-4.6.0-1] */
  deliveries(): Delivery[] {
    return this.#deliveries.filter(delivery => delivery !== undefined).sort((a, b) => a.sequence - b.sequence);
  }

  #set(id: number, owed: Owed, delivery: Delivery | undefined): void {
    const slot = id & (this.#ids.length - 1);
    this.#ids[slot] = id;
    this.#owed[slot] = owed;
    this.#deliveries[slot] = delivery;
    this.#size += 1;
  }

  /** Ids that differ in their low bits still do with one bit more, so nothing collides here. */
  #grow(capacity: number): void {
    const ids = this.#ids;
    const owed = this.#owed;
    const deliveries = this.#deliveries;
    this.#ids = new Uint16Array(capacity);
    this.#owed = new Uint8Array(capacity);
    this.#deliveries = new Array<Delivery | undefined>(capacity).fill(undefined);
    this.#size = 0;
    for (let slot = 0; slot < ids.length; slot++) {
      if (ids[slot] !== 0) this.#set(ids[slot]!, owed[slot] as Owed, deliveries[slot]);
    }
  }
}
