/** How long things took, as a histogram in plain fields: whoever exports it reads them at its own pace. */

/** Upper bounds in seconds; what takes longer than the last is counted beyond it. */
export const durationBounds: readonly number[] = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
];

export class Durations {
  /** How many fell under each bound and above the one before; the last entry is for all above. */
  readonly counts: number[] = new Array<number>(durationBounds.length + 1).fill(0);
  /** Seconds of all together. */
  sum = 0;

  /** `times` things took `seconds` each. */
  observe(seconds: number, times: number): void {
    let bucket = 0;
    while (bucket < durationBounds.length && seconds > durationBounds[bucket]!) bucket += 1;
    this.counts[bucket]! += times;
    this.sum += seconds * times;
  }
}
