/**
 * Wildcard patterns over text: `*` is any run of characters, also empty, also across `/`; `?` is exactly one character.
 * Knows nothing of ARNs or variables (AWS: using wildcard characters in policies, "pub-sub-policy").
 *
 * A pattern is a list of tokens rather than a string, because a `*` inside a substituted client id is a plain character.
 * Without `?` a match is a few native string searches; with `?` it is one pass that keeps a single retry point. Neither
 * takes more than pattern × text steps, whatever the policy or the topic.
 */

/** `*`: any run of characters. */
export const ANY_RUN = 0;
/** `?`: exactly one character. */
export const ANY_CHARACTER = 1;

/** Literal text, or one of the two wildcards. */
export type Token = string | typeof ANY_RUN | typeof ANY_CHARACTER;

export interface Wildcard {
  /**
   * `exact`: the text is `head`. `prefix`: it begins with `head`. `pieces`: it begins with `head`, holds each of `middle` in
   * order and ends with `tail`. `steps`: it begins with `head`, and `steps` says character by character how it goes on.
   */
  readonly kind: 'exact' | 'prefix' | 'pieces' | 'steps';
  readonly head: string;
  readonly tail: string;
  readonly middle: readonly string[];
  readonly steps: readonly number[];
}

const NONE: readonly never[] = [];
// Code points are ≥ 0, so negative numbers are free to stand for the wildcards.
const STEP_RUN = -1;
const STEP_CHARACTER = -2;

/** Reads `*` and `?` of plain text as wildcards. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let start = 0;
  for (let at = 0; at <= text.length; at++) {
    const character = text[at];
    if (at < text.length && character !== '*' && character !== '?') continue;
    if (at > start) tokens.push(text.slice(start, at));
    if (at < text.length) tokens.push(character === '*' ? ANY_RUN : ANY_CHARACTER);
    start = at + 1;
  }
  return tokens;
}

export function compileWildcard(tokens: readonly Token[]): Wildcard {
  if (tokens.includes(ANY_CHARACTER)) return compileSteps(tokens);

  const pieces: string[] = [];
  let piece = '';
  for (const token of tokens) {
    if (token === ANY_RUN) {
      pieces.push(piece);
      piece = '';
    } else {
      piece += token;
    }
  }
  const head = pieces[0];
  if (head === undefined) return { kind: 'exact', head: piece, tail: '', middle: NONE, steps: NONE };
  const middle = pieces.slice(1).filter(text => text !== '');
  const kind = piece === '' && middle.length === 0 ? 'prefix' : 'pieces';
  return { kind, head, tail: piece, middle, steps: NONE };
}

/** Whether the whole of `text` matches. */
export function matchesWildcard(pattern: Wildcard, text: string): boolean {
  switch (pattern.kind) {
    case 'exact':
      return text === pattern.head;
    case 'prefix':
      return beginsWith(text, pattern.head);
    case 'pieces':
      return matchesPieces(pattern, text);
    case 'steps':
      return beginsWith(text, pattern.head) && matchesSteps(pattern.steps, text, pattern.head.length);
  }
}

/**
 * `text.startsWith(head)`, sooner: one character tells most heads apart, and comparing a slice takes a third of the time of the
 * built-in function when `head` is no constant (`bench/policy.ts`: 40 ns against 115).
 */
export function beginsWith(text: string, head: string): boolean {
  const { length } = head;
  if (length === 0) return true;
  return text.charCodeAt(length - 1) === head.charCodeAt(length - 1) && text.slice(0, length) === head;
}

/** Taking each piece at its first place is enough: a later place would only leave less room for the rest. */
function matchesPieces({ head, middle, tail }: Wildcard, text: string): boolean {
  const end = text.length - tail.length;
  if (head.length > end || !beginsWith(text, head) || text.slice(end) !== tail) return false;
  let at = head.length;
  for (let index = 0; index < middle.length; index++) {
    const piece = middle[index]!;
    const found = text.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return at <= end;
}

function compileSteps(tokens: readonly Token[]): Wildcard {
  const first = tokens.findIndex(token => typeof token !== 'string');
  const head = tokens.slice(0, first).join('');
  return { kind: 'steps', head, tail: '', middle: NONE, steps: toSteps(tokens.slice(first)) };
}

function toSteps(tokens: readonly Token[]): number[] {
  return tokens.flatMap(token => {
    if (token === ANY_RUN) return STEP_RUN;
    if (token === ANY_CHARACTER) return STEP_CHARACTER;
    return Array.from(token, character => character.codePointAt(0)!);
  });
}

/**
 * Walks both once; on a mismatch the latest `*` takes one character more. Only the latest needs retrying: whatever an
 * earlier one could gain, the later one gains too.
 */
function matchesSteps(steps: readonly number[], text: string, from: number): boolean {
  let at = from;
  let step = 0;
  let retryAt = -1;
  let retryStep = -1;
  while (at < text.length) {
    const character = text.codePointAt(at)!;
    const wanted = steps[step];
    if (wanted === STEP_RUN) {
      retryAt = at;
      retryStep = ++step;
    } else if (wanted === character || wanted === STEP_CHARACTER) {
      at += width(character);
      step++;
    } else {
      if (retryAt < 0) return false;
      retryAt += width(text.codePointAt(retryAt)!);
      at = retryAt;
      step = retryStep;
    }
  }
  while (steps[step] === STEP_RUN) step++;
  return step === steps.length;
}

/** UTF-16 units of a code point, so that `?` stands for one character and not for half of one. */
const width = (codePoint: number): number => (codePoint > 0xffff ? 2 : 1);
