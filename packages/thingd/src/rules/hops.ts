/** How far a message may go through rules: what keeps one that feeds itself, here or by way of another broker, from running for ever. */
import type { ActionRequest } from '@thingd/core';

/**
 * How many rules may republish a message one after the other. AWS documents no bound and lets a rule that feeds itself run;
 * a chain this long is taken for such a rule.
 */
export const maximumHops = 10;

/** Whether an action would send on what has been through too many rules. An error action may tell of it, one step further. */
export const isTooFar = ({ hops, isErrorAction }: Pick<ActionRequest, 'hops' | 'isErrorAction'>): boolean =>
  hops > maximumHops + (isErrorAction ? 1 : 0);

export const tooManyHops = (ruleName: string): string =>
  `the message has been through ${maximumHops} rules: rule \`${ruleName}\` seems to feed itself, so it stops here`;

/** The user property by which a message tells the next thingd how many rules it has been through. */
export const hopsProperty = 'thingd-hops';

/** 0 for a message that comes from no rule. Whoever forges it harms only the message. */
export function hopsOf(userProperties: readonly (readonly [string, string])[] | undefined): number {
  const text = userProperties?.find(([name]) => name === hopsProperty)?.[1] ?? '';
  return /^\d{1,3}$/.test(text) ? Number(text) : 0;
}
