/** How long to wait before the next attempt at what failed. */

const first = 200;
const longest = 30_000;

/** Milliseconds before attempt `attempt` + 1: doubling, capped, and spread so that what failed together does not come back together. */
export function retryDelay(attempt: number, random: number): number {
  const delay = Math.min(longest, first * 2 ** Math.min(attempt - 1, 20));
  return Math.round(delay / 2 + (delay / 2) * random);
}
