/** What rules do and fail to do, as events in the log, under AWS's names for them (AWS: "CloudWatch log entries"). */
import type { ActionEnd, RuleObserver } from '@thingd/core';
import type { Log } from '../observability/index.ts';
import { RateBound } from '../observability/index.ts';

/** Lines a second about messages that went wrong, which any device can cause. */
const linesPerSecond = 50;

const eventTypes = {
  evaluationFailed: 'rule.evaluationFailed',
  dropped: 'rule.dropped',
  ruleNotFound: 'rule.notFound',
} as const;

export interface RuleLogOptions {
  readonly log: Log;
  /** For metrics. */
  readonly actionEnded: (end: ActionEnd) => void;
  readonly failed: (error: unknown, where: string) => void;
}

export function ruleLog({ log, actionEnded, failed }: RuleLogOptions): RuleObserver {
  const noisy = new RateBound(linesPerSecond);
  return {
    actionEnded(ended) {
      actionEnded(ended);
      if (ended.outcome.ok && !log.isLevelEnabled('debug')) return;
      const { outcome, ...end } = ended;
      if (outcome.ok) log.debug({ event: 'rule.actionSucceeded', ...end });
      else if (noisy.allows()) log.warn({ event: 'rule.actionFailed', ...end, reason: outcome.error });
    },
    notRun(where, { event, reason }) {
      if (noisy.allows()) log.info({ event: eventTypes[event], ...where, reason });
    },
    failed,
  };
}
