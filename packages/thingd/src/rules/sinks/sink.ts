/** What a sink is: a place of the operator's own that rules write to by an `http` action whose URL is `thingd:<sink>[/<rest>]`. */
import { ActionFailure, type ActionRequest, type Clock, ServiceError } from '@thingd/core';
import type { Definition } from './definition.ts';

export interface Header {
  readonly key: string;
  readonly value: string;
}

/** What an action says to a sink: in the rule with its templates, at work as rendered for one message. */
export interface SinkAddress {
  readonly sinkName: string;
  /** What follows the sink's name and a slash: a table, a topic, a file. Undefined without a slash. */
  readonly rest: string | undefined;
  readonly headers: readonly Header[];
}

export interface Sink {
  /** Refuses what no rule may ask of it, as it stands in the rule. Throws `InvalidRequestException`. */
  check(address: SinkAddress): void;
  /** Resolves to a few words for the trace when the target has it. Rejects with `ActionFailure`. */
  deliver(request: ActionRequest, address: SinkAddress): Promise<string>;
  /** Ends what is under way soon. Never rejects. */
  close(): Promise<void>;
}

export interface SinkContext {
  readonly clock: Clock;
  /** Tells this thingd from others that write to the same target. */
  readonly origin: string;
}

/**
 * Makes a sink of its definition; it connects to nothing before its first delivery. Throws `InvalidRequestException` for a
 * definition that cannot be.
 */
export type SinkKind = (definition: Definition, context: SinkContext) => Sink;

const scheme = 'thingd:';

export const isSinkUrl = (url: string): boolean => url.startsWith(scheme);

export const sinkNamePattern = /^[A-Za-z0-9_-]{1,64}$/;

/** Throws `InvalidRequestException` unless the URL names a sink literally: no message chooses where it goes. */
export function sinkAddress(url: string, headers: readonly Header[]): SinkAddress {
  const [, sinkName = '', rest] = /^thingd:([^/]*)(?:\/(.*))?$/s.exec(url) ?? [];
  if (!sinkNamePattern.test(sinkName)) {
    throw invalid(
      `\`${url}\` names no sink: \`${scheme}\` is followed by letters, digits, \`_\` and \`-\`, and perhaps \`/…\``,
    );
  }
  return { sinkName, rest, headers };
}

export const isTemplate = (text: string): boolean => text.includes('${');

/** For sinks that need no headers: silence would be worse. */
export function refuseHeaders({ headers }: SinkAddress, what: string): void {
  if (headers.length > 0) throw invalid(`\`headers\` mean nothing to ${what}`);
}

export const invalid = (message: string): ServiceError => new ServiceError('InvalidRequestException', message);

/** What the rule made does not fit: no later attempt mends that, and the text may tell of the message. */
export class Unfit extends ActionFailure {}

export const unfit = (message: string, cause?: unknown): Unfit => new Unfit(message, { isTransient: false, cause });

/** The target is away, or not yet as it must be: a later attempt may succeed. */
export const away = (message: string, cause?: unknown): ActionFailure =>
  new ActionFailure(message, { isTransient: true, cause });

/** What an error of the network says; where several addresses were tried, it has a code alone. */
export function sentenceOf(error: unknown): string {
  const { message, code, name } = error as NodeJS.ErrnoException;
  return message || code || name;
}
