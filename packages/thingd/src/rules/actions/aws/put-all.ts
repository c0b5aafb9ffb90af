/** Calls that take many entries at once, and may accept some of them and not others. */
import { ActionFailure } from '@thingd/core';
import type { Answer } from './aws-call.ts';

export interface Refused<Entry> {
  readonly entry: Entry;
  /** The service's word for it, such as `ThrottlingException`. */
  readonly code: string;
  readonly message?: string | undefined;
}

export interface PutAnswer<Entry> {
  readonly answer: Answer;
  readonly refused: readonly Refused<Entry>[];
}

/** As the services write it: `ThrottlingException`, `InternalServerError`, `ServiceUnavailableException`, `INTERNAL_FAILURE` … */
const passes = (code: string): boolean => /throttl|internal|unavailable|limitexceeded|conflictingoperation/i.test(code);

/**
 * What was not accepted for now is sent again, for as long as each call gets some of it through. `request` is for the trace.
 * Throws `ActionFailure` of what is left, transient while a later attempt may get more of it through.
 */
export async function putAll<Entry>(
  all: readonly Entry[],
  request: string,
  put: (entries: readonly Entry[]) => Promise<PutAnswer<Entry>>,
): Promise<Answer> {
  let entries = all;
  const refusedForGood: Refused<Entry>[] = [];
  for (;;) {
    const { answer, refused } = await put(entries);
    const later = refused.filter(({ code }) => passes(code));
    refusedForGood.push(...refused.filter(({ code }) => !passes(code)));
    const isStuck = later.length === entries.length;
    if (later.length > 0 && !isStuck) {
      entries = later.map(({ entry }) => entry);
      continue;
    }
    const left = [...refusedForGood, ...later];
    if (left.length === 0) return answer;
    const { code, message = '' } = left[0]!;
    const sentence = `${left.length} of ${all.length} were not accepted: ${code} ${message}`.trim();
    throw new ActionFailure(sentence, { isTransient: later.length > 0, report: { request } });
  }
}
