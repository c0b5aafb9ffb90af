/** Waiting for a condition, with a deadline, in place of sleeping for a guess. */
import { setTimeout as pause } from 'node:timers/promises';

/**
 * Polls `attempt` until it neither throws nor answers `undefined` or `false`, and answers what it answered.
 *
 * @param within milliseconds; the last failure is the error's cause
 */
export async function eventually<T>(
  what: string,
  attempt: () => T | undefined | false | Promise<T | undefined | false>,
  within = 5_000,
  interval = 20,
): Promise<T> {
  const deadline = performance.now() + within;
  let cause: unknown;
  for (;;) {
    try {
      const answer = await attempt();
      if (answer !== undefined && answer !== false) return answer;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > deadline) {
      const reason = cause instanceof Error ? `: ${cause.message}` : '';
      throw new Error(`not within ${within} ms: ${what}${reason}`, { cause });
    }
    await pause(interval);
  }
}

/** `promise`, or an error naming `what` after `within` milliseconds. */
export async function withDeadline<T>(what: string, promise: Promise<T>, within = 5_000): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${within} ms: ${what}`)), within);
  });
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
