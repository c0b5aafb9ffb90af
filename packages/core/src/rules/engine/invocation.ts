/** What a rule has decided to do about one message: made once, when the message is evaluated, and carried out from then on. */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import type { RenderedAction } from '../compiled-rule.ts';
import { type MessageProperties, type PublishedMessage, RuleMessage } from '../sql/index.ts';
import type { Trace } from './trace.ts';

/** The message a rule looks at, and what of it is kept with an invocation. */
export interface RuleMessageSource extends PublishedMessage {
  readonly payload: Buffer;
}

export interface ArrivedMessageOptions {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1 | 2;
  readonly properties?: MessageProperties | undefined;
  readonly clientId?: string | undefined;
  readonly principal?: string | undefined;
  /** How many rules have republished it. */
  readonly hops: number;
  /** Asked only if a rule wants to know. */
  readonly sourceIp: () => string | undefined;
}

/** A message as it arrives at the rules: one for all of them, so that it is decoded once and has one trace id. */
export class ArrivedMessage implements RuleMessageSource {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1 | 2;
  readonly properties: MessageProperties | undefined;
  readonly clientId: string | undefined;
  readonly principal: string | undefined;
  readonly hops: number;
  /** The same for the language, which decodes it when it must. */
  readonly evaluated: RuleMessage;
  readonly #sourceIp: () => string | undefined;
  #traceId: string | undefined;
  #arrivedAt: number | undefined;

  constructor(options: ArrivedMessageOptions) {
    this.topic = options.topic;
    this.payload = options.payload;
    this.qos = options.qos;
    this.properties = options.properties;
    this.clientId = options.clientId;
    this.principal = options.principal;
    this.hops = options.hops;
    this.#sourceIp = options.sourceIp;
    this.evaluated = new RuleMessage(this);
  }

  get sourceIp(): string | undefined {
    return this.#sourceIp();
  }

  /** When the first rule asked, in milliseconds since the epoch: the clock is read once for all of them. */
  arrivedAt(clock: Clock): number {
    this.#arrivedAt ??= clock.now();
    return this.#arrivedAt;
  }

  get traceId(): string {
    this.#traceId ??= randomUUID();
    return this.#traceId;
  }
}

/** One action of an invocation: its rendered parameters, or why they could not be rendered. */
export type PreparedAction = RenderedAction | { readonly kind: string; readonly error: string };

/** How an action ended; a failure's text goes into the error document. */
export type Outcome = { readonly ok: true } | { readonly ok: false; readonly error: string };

export interface Invocation {
  /** Later ones sort after earlier ones. */
  readonly id: string;
  /** As `realmKey`. */
  readonly realm: string;
  readonly ruleName: string;
  readonly message: RuleMessageSource;
  readonly hops: number;
  /** What SELECT made of the message. */
  readonly payload: Buffer;
  readonly isJson: boolean;
  /** Whether SELECT put a secret into it. */
  readonly isSecret: boolean;
  readonly actions: readonly PreparedAction[];
  readonly errorAction: PreparedAction | undefined;
  /** By the action's index, null until it has ended; that of the error action after the last, once it has. */
  readonly outcomes: (Outcome | null)[];
  /** Whether it is in the store, and so survives a crash. */
  readonly isStored: boolean;
  /** What is noted of it for people; not stored. */
  trace: Trace | undefined;
  /** Those of whose failures the error action is told in one document, itself among them; not stored. */
  toldWith: readonly Invocation[] | undefined;
}

/** One of an invocation's actions: by its place in the rule, or the error action. */
export type Which = number | 'error';

export const actionOf = ({ actions, errorAction }: Invocation, which: Which): PreparedAction | undefined =>
  which === 'error' ? errorAction : actions[which];

/** Its place in `outcomes`, and among the actions of the trace. */
export const slotOf = ({ actions }: Invocation, which: Which): number => (which === 'error' ? actions.length : which);

/** Bytes an invocation holds in memory, about. */
export const sizeOfInvocation = ({ message, payload }: Invocation): number =>
  1000 + message.payload.length + (payload === message.payload ? 0 : payload.length);

/** When an invocation was made, in milliseconds since the epoch. */
export const timeOfInvocation = ({ id }: Pick<Invocation, 'id'>): number => Number.parseInt(id.slice(0, 9), 36);

/** Two digits to base 36, by their value. */
const digitPairs = Array.from({ length: 36 ** 2 }, (_, value) => digits(value, 2));

/**
 * Ids that sort in the order they were made, also over restarts once `after` was told of the last one: nine digits to base 36 of
 * the time, five of how many came before at that time.
 */
export class InvocationIds {
  #time = 0;
  #count = 0;
  /** All but the last two digits. */
  #prefix = prefixOf(0, 0);

  after(id: string): void {
    this.#time = Math.max(this.#time, Number.parseInt(id.slice(0, 9), 36) || 0);
    this.#count = Number.parseInt(id.slice(9, 14), 36) || 0;
    this.#prefix = prefixOf(this.#time, this.#count);
  }

  /** `now` in milliseconds since the epoch. */
  next(now: number): string {
    if (now > this.#time) {
      this.#time = now;
      this.#count = 0;
    } else {
      this.#count += 1;
    }
    const last = this.#count % digitPairs.length;
    if (last === 0) this.#prefix = prefixOf(this.#time, this.#count);
    return this.#prefix + digitPairs[last]!;
  }
}

const prefixOf = (time: number, count: number): string => digits(time, 9) + digits(Math.floor(count / 36 ** 2), 3);

function digits(value: number, length: number): string {
  return value.toString(36).padStart(length, '0');
}
