/** Decisions against someone: each explained, logged, and the latest kept for whoever asks why. */
import type { Clock, Explanation } from '@thingd/core';
import type { Log } from '../observability/index.ts';

export interface Denial {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** `<accountId>/<region>` */
  readonly realm: string;
  readonly principal: string;
  readonly clientId: string | undefined;
  readonly action: string;
  readonly resource: string;
  readonly explanation: Explanation;
}

export type Denied = Omit<Denial, 'at' | 'explanation'>;

const kept = 1000;
/** Explaining walks every statement: a client that asks in a loop must not make the broker busy with answers. */
const explainedPerSecond = 50;

export class Denials {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #ring: Denial[] = [];
  #next = 0;
  #second = 0;
  #explained = 0;
  #unexplained = 0;

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  /**
   * `explain` is called, and its answer returned, unless there have been too many this second; those are counted and told of in one
   * line.
   */
  record(denied: Denied, explain: () => Explanation): Explanation | undefined {
    const at = this.#clock.now();
    this.#startSecond(Math.floor(at / 1000));
    if (this.#explained >= explainedPerSecond) {
      this.#unexplained++;
      return undefined;
    }
    this.#explained++;
    const explanation = explain();
    this.#ring[this.#next] = { at, ...denied, explanation };
    this.#next = (this.#next + 1) % kept;
    const { decision, matched, variables, missingContextValues, nearMisses, suggestion } = explanation;
    this.#log.info({
      event: eventOf(denied.action),
      ...denied,
      decision,
      matched: matched.map(({ policyName, statementIndex }) => `${policyName}[${statementIndex}]`),
      variables: Object.fromEntries(variables.map(({ name, value }) => [name, value])),
      empty: missingContextValues,
      close: nearMisses.map(({ policyName, statementIndex, detail }) => `${policyName}[${statementIndex}]: ${detail}`),
      wouldAllow: suggestion || undefined,
    });
    return explanation;
  }

  /** The latest first, of one realm or of all. */
  latest(realm?: string): Denial[] {
    const ordered = [...this.#ring.slice(this.#next), ...this.#ring.slice(0, this.#next)].reverse();
    return realm === undefined ? ordered : ordered.filter(denial => denial.realm === realm);
  }

  #startSecond(second: number): void {
    if (second === this.#second) return;
    if (this.#unexplained > 0) this.#log.warn({ event: 'denials.unexplained', count: this.#unexplained });
    this.#second = second;
    this.#explained = 0;
    this.#unexplained = 0;
  }
}

/** `iot:RetainPublish` → `retainPublish.denied` */
function eventOf(action: string): string {
  const name = action.slice(action.indexOf(':') + 1);
  return `${name.charAt(0).toLowerCase()}${name.slice(1)}.denied`;
}
