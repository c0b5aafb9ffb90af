/** What rules do and fail to do, as events in the log, under AWS's names for them (AWS: "CloudWatch log entries"). */
import type { RuleObserver } from '@thingd/core';
import type { Log } from '../observability/index.ts';
import { RateBound } from '../observability/index.ts';

/** Lines a second about messages that went wrong, which any device can cause. */
const linesPerSecond = 50;

const eventTypes = {
  evaluationFailed: 'rule.evaluationFailed',
  dropped: 'rule.dropped',
  ruleNotFound: 'rule.notFound',
} as const;

export function ruleLog(log: Log, failed: (error: unknown, where: string) => void): RuleObserver {
  const noisy = new RateBound(linesPerSecond);
  return {
    actionEnded({ outcome, ...end }) {
      if (outcome.ok) log.debug({ event: 'rule.actionSucceeded', ...end });
      else if (noisy.allows()) log.warn({ event: 'rule.actionFailed', ...end, reason: outcome.error });
    },
    notRun(where, { event, reason }) {
      if (noisy.allows()) log.info({ event: eventTypes[event], ...where, reason });
    },
    failed,
  };
}
