/** What slices of a run were together: how much got through, what it took of the processor, how long it waited. */
import { machineCpu, processCpu } from './cpu.ts';
import { waits } from './waits.ts';

export interface Summed {
  readonly delivered: number;
  readonly perSecond: number;
  /** Microseconds of broker CPU for each that was delivered. */
  readonly brokerCpu: number;
  readonly generatorCpu: number;
  /** Cores used by neither broker nor generator while measuring. */
  readonly otherCores: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

/** Milliseconds but for `delivered`. */
export interface Reading {
  readonly at: number;
  readonly delivered: number;
  readonly broker: number;
  readonly own: number;
  readonly machine: number;
}

export const readingOf = (brokerPid: number, delivered: number): Reading => ({
  at: performance.now(),
  delivered,
  broker: processCpu(brokerPid),
  own: processCpu(process.pid),
  machine: machineCpu(),
});

export class Sum {
  /** In milliseconds; for whoever measures to fill. */
  readonly latencies: number[] = [];
  #taken = 0;
  #delivered = 0;
  #broker = 0;
  #own = 0;
  #machine = 0;

  add(before: Reading, after: Reading): void {
    this.#taken += after.at - before.at;
    this.#delivered += after.delivered - before.delivered;
    this.#broker += after.broker - before.broker;
    this.#own += after.own - before.own;
    this.#machine += after.machine - before.machine;
  }

  get summed(): Summed {
    return {
      delivered: this.#delivered,
      perSecond: (this.#delivered * 1000) / this.#taken,
      brokerCpu: (this.#broker * 1000) / this.#delivered,
      generatorCpu: (this.#own * 1000) / this.#delivered,
      otherCores: Math.max(0, (this.#machine - this.#broker - this.#own) / this.#taken),
      ...waits(this.latencies),
    };
  }
}
