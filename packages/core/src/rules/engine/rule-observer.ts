/** What the engine tells of its work, for logs and metrics. */
import type { Outcome } from './invocation.ts';

export interface ActionEnd {
  /** As `realmKey`. */
  readonly realm: string;
  readonly ruleName: string;
  readonly kind: string;
  readonly isErrorAction: boolean;
  readonly outcome: Outcome;
  /** From the first attempt to the end. */
  readonly seconds: number;
  readonly topic: string;
}

/** Why a rule did nothing about a message that reached it. */
export type NotRun =
  | { readonly event: 'evaluationFailed'; readonly reason: string }
  | { readonly event: 'dropped'; readonly reason: string }
  | { readonly event: 'ruleNotFound'; readonly reason: string };

export interface RuleObserver {
  actionEnded(end: ActionEnd): void;
  notRun(where: { readonly realm: string; readonly ruleName: string; readonly topic: string }, what: NotRun): void;
  /** A bug, or a failure of the store. */
  failed(error: unknown, where: string): void;
}
