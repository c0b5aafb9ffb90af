/** Latencies as a measurement shows them. */

/** In the unit of `latencies`, which may come in any order; NaN where there are none. */
export function waits(latencies: readonly number[]): { readonly p50: number; readonly p99: number } {
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (q: number): number => sorted[Math.floor(sorted.length * q)] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99) };
}
