/** What the engine asks of those who carry actions out, and what they tell it. One runner a kind of action. */
import type { Realm } from '../realm.ts';
import type { RuleMessageSource } from './engine/invocation.ts';

/** One action to be carried out: its parameters as rendered for this message, and what SELECT made of the message. */
export interface ActionRequest {
  readonly realm: Realm;
  readonly ruleName: string;
  /** The same at every attempt, also after a restart: for targets that know a request again. */
  readonly invocationId: string;
  /** The action's parameters, every template in them rendered. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly payload: Buffer;
  /** Whether the payload is JSON rather than the message's own bytes. */
  readonly isJson: boolean;
  /** The message as published. */
  readonly message: RuleMessageSource;
  /** How many rules have republished the message that led here, this one included. */
  readonly hops: number;
  /** Whether the action is a rule's error action. */
  readonly isErrorAction: boolean;
  /** From 1, since the program started. */
  readonly attempt: number;
  /** Aborted when the program stops. */
  readonly signal: AbortSignal;
}

/** How an action succeeded, as JSON for the trace: what was asked of whom, and the answer. */
export interface ActionReport {
  /** Such as `POST https://hooks.example/in`. */
  readonly request: string;
  readonly response?: string | undefined;
}

/** An action did not succeed. Anything else a runner throws counts as a bug: it is logged whole, and not tried again. */
export class ActionFailure extends Error {
  override readonly name = 'ActionFailure';
  /** Whether a later attempt may succeed: the target is away or busy, rather than unwilling. */
  readonly isTransient: boolean;
  readonly report: ActionReport | undefined;

  constructor(message: string, options: { isTransient: boolean; report?: ActionReport; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.isTransient = options.isTransient;
    this.report = options.report;
  }
}

/** Bounds of the batches of an action; the first that is reached sends the batch. */
export interface BatchLimits {
  /** Milliseconds the first request waits for others. */
  readonly openMs: number;
  readonly count: number;
  readonly bytes: number;
  /** Whether messages of different topics share a batch. */
  readonly acrossTopics: boolean;
}

/** What a request is in a batch. */
export interface BatchPlace {
  /** Requests with different ones never share a batch: what all of a batch ask of the target. */
  readonly key: string;
  /** What it adds to the batch's bounds. */
  readonly count: number;
  readonly bytes: number;
}

/** How requests of an action go to its target together (AWS: "Batching HTTP action messages"). */
export interface Batching {
  /** Undefined where the parameters want no batches. */
  limits(parameters: Readonly<Record<string, unknown>>): BatchLimits | undefined;
  /** Throws for a request that no batch can hold: it goes to `ActionRunner.run` by itself, which says why. */
  place(request: ActionRequest): BatchPlace;
  /** As `ActionRunner.run`, for two requests or more, in the order in which they came. They succeed or fail together. */
  run(requests: readonly ActionRequest[]): Promise<ActionReport>;
}

export interface ActionRunner {
  /** How the error document calls the action, such as `S3Action` (AWS: "Error handling (error action)"). */
  readonly failedAction: string;
  /** Parameters that are never templates, beside `roleArn`; dotted for nested ones. */
  readonly literals?: readonly string[];
  /** Parameters that traces do not show; dotted for nested ones. */
  readonly confidential?: readonly string[];
  readonly batching?: Batching;
  /**
   * Refuses parameters nobody could carry out, as they stand in the rule, templates unrendered. Throws `InvalidRequestException`,
   * or `NotImplementedException` for what is not supported.
   */
  check(parameters: Readonly<Record<string, unknown>>, isErrorAction: boolean): void;
  /** Parameters beside those given, which only the templates as they stand in the rule can tell. */
  derive?(parameters: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>;
  /** Before a rule with the action is stored in a realm: refuses, as `check` does, what names something the realm has not. */
  admit?(realm: Realm, parameters: Readonly<Record<string, unknown>>): void;
  /** After a rule with the action was stored: what else it needs, such as a destination to be confirmed. */
  stored?(realm: Realm, parameters: Readonly<Record<string, unknown>>): Promise<void>;
  /** What the action works on, for the error document: a bucket, a queue, a URL. */
  resourceOf(parameters: Readonly<Record<string, unknown>>): string;
  /**
   * Answers when it is done, with a promise where that takes time; fails with `ActionFailure`. Called again with the same request
   * after a transient failure.
   */
  run(request: ActionRequest): ActionReport | Promise<ActionReport>;
}

/** By the name the API gives each kind; a kind without a runner cannot be in a rule. */
export type ActionRunners = Readonly<Record<string, ActionRunner | undefined>>;
