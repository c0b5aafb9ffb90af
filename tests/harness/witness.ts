/** A well-behaved pair of clients that never stops exchanging messages: what others do must not reach it. */
import { performance } from 'node:perf_hooks';
import { connectAsync, type MqttClient } from 'mqtt';
import { type Device, tlsFiles } from './device.ts';
import { withDeadline } from './eventually.ts';
import type { Thingd } from './thingd.ts';

export class Witness {
  #latencies: number[] = [];
  #failure: Error | undefined;
  #stopping = false;
  readonly #clients: readonly MqttClient[];
  readonly #arrivals = new Map<string, () => void>();
  readonly #loop: Promise<void>;

  constructor(publisher: MqttClient, subscriber: MqttClient) {
    this.#clients = [publisher, subscriber];
    for (const client of this.#clients) {
      client.on('close', () => {
        if (!this.#stopping) this.#failure ??= new Error('a well-behaved client was disconnected');
      });
      client.on('error', error => {
        this.#failure ??= error;
      });
    }
    subscriber.on('message', (_topic, payload) => this.#arrivals.get(payload.toString())?.());
    this.#loop = this.#exchange(publisher);
    this.#loop.catch(error => {
      if (!this.#stopping) this.#failure ??= error;
    });
  }

  /** Since the last call, exchanges went on and none took longer than `limit` ms; answers the longest. */
  async unharmed(limit: number): Promise<number> {
    const seen = this.#latencies.length;
    await withDeadline('the well-behaved pair exchanges a message', this.#after(seen + 1), limit);
    if (this.#failure) throw this.#failure;
    const longest = Math.max(...this.latencies());
    if (longest > limit) throw new Error(`a well-behaved pair waited ${Math.round(longest)} ms for a message`);
    return longest;
  }

  /** Milliseconds each exchange took since it was last asked. */
  latencies(): number[] {
    const taken = this.#latencies;
    this.#latencies = [];
    return taken;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#clients.map(client => client.endAsync(true)));
  }

  async #after(count: number): Promise<void> {
    while (this.#latencies.length < count && !this.#failure) await new Promise(resolve => setTimeout(resolve, 5));
  }

  async #exchange(publisher: MqttClient): Promise<void> {
    for (let number = 0; !this.#stopping; number += 1) {
      const payload = String(number);
      const arrived = new Promise<void>(resolve => this.#arrivals.set(payload, resolve));
      const begun = performance.now();
      await publisher.publishAsync('witness/data', payload, { qos: 1 });
      await arrived;
      this.#arrivals.delete(payload);
      this.#latencies.push(performance.now() - begun);
      await new Promise(resolve => setTimeout(resolve, 10));
    }
  }
}

/** Starts the pair over mutual TLS; whoever starts it stops it. `device` must be allowed to connect as any client and use `witness/data`. */
export async function startWitness(thingd: Thingd, device: Device): Promise<Witness> {
  const url = `mqtts://localhost:${thingd.endpoints.mqtts.port}`;
  const options = { ...tlsFiles(device), reconnectPeriod: 0 };
  const publisher = await connectAsync(url, { ...options, clientId: 'witness-publisher' }, false);
  const subscriber = await connectAsync(url, { ...options, clientId: 'witness-subscriber' }, false);
  await subscriber.subscribeAsync('witness/data', { qos: 1 });
  return new Witness(publisher, subscriber);
}
