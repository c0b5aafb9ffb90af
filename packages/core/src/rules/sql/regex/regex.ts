/** Patterns ready to run, kept for the next message; and a limit on the time they take. */
import { createContext, Script } from 'node:vm';
import { groupName, type JavaPattern, translatePattern } from './java-pattern.ts';

export interface Regex extends JavaPattern {
  /** With flag `g`. */
  readonly expression: RegExp;
  /** Matching a text up to this length takes no more than `HARMLESS_STEPS`. */
  readonly harmlessLength: number;
}

/** Patterns are nearly always constants of the statement; those that come with messages must not pile up. */
const MAX_CACHED = 500;
const cache = new Map<string, Regex | null>();

/** The pattern in Java's syntax, or `undefined` if it is none. */
export function regexOf(pattern: string): Regex | undefined {
  const cached = cache.get(pattern);
  if (cached !== undefined) return cached ?? undefined;
  if (cache.size >= MAX_CACHED) cache.delete(cache.keys().next().value!);
  const regex = compile(pattern);
  cache.set(pattern, regex ?? null);
  return regex;
}

function compile(pattern: string): Regex | undefined {
  try {
    const translated = translatePattern(pattern);
    return {
      ...translated,
      expression: new RegExp(translated.source, 'gv'),
      harmlessLength: harmlessLengthOf(translated),
    };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** What a replacement is made of: text, and numbers of groups. */
export type ReplacementPart = string | number;

/** Reads `$1`, `${name}` and `\$` as Java's `Matcher.appendReplacement` does; `undefined` if it would refuse. */
export function parseReplacement(replacement: string, regex: Regex): readonly ReplacementPart[] | undefined {
  const parts: ReplacementPart[] = [];
  const token = /\\([\s\S])|\$(\d+)|\$\{([A-Za-z][A-Za-z0-9]*)\}|([^\\$]+)/y;
  while (token.lastIndex < replacement.length) {
    const match = token.exec(replacement);
    if (match === null) return undefined;
    const [, escaped, digits, name, text] = match;
    const literal = escaped ?? text;
    if (literal !== undefined) parts.push(literal);
    else {
      const length = digits === undefined ? 0 : numberLength(digits, regex.groupCount);
      const group = digits === undefined ? regex.groupNumbers.get(name!) : Number(digits.slice(0, length));
      if (group === undefined || group > regex.groupCount) return undefined;
      parts.push(group, digits?.slice(length) ?? '');
    }
  }
  return parts;
}

/** The first digit is a group's number in any case; as many more belong to it as still make one of a group. */
function numberLength(digits: string, groupCount: number): number {
  let length = 1;
  while (length < digits.length && Number(digits.slice(0, length + 1)) <= groupCount) length++;
  return length;
}

/** The text of a group in a match; empty if it took no part. */
export const groupText = (match: RegExpExecArray, group: number): string =>
  (group === 0 ? match[0] : match.groups?.[groupName(group)]) ?? '';

/**
 * Steps, counted generously, that take about as long as the limit: a match that needs no more goes without the watch, which costs
 * 0.2 ms.
 */
const HARMLESS_STEPS = 100_000_000;
const MAX_MILLISECONDS = 100;

const harmlessLengthOf = ({ ways, repetitions }: JavaPattern): number =>
  Math.floor((HARMLESS_STEPS / ways) ** (1 / (repetitions + 1)));

/**
 * What `match` makes of a text that is longer than harmless; `undefined` if it took longer than 100 ms. Devices choose the text,
 * and a pattern as plain as `.*a.*b` takes cubic time on the wrong one.
 */
export function withinTime<T>(match: () => T): { readonly result: T } | undefined {
  try {
    return { result: watched(match) as T };
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return undefined;
    throw error;
  }
}

interface Watch {
  readonly script: Script;
  readonly sandbox: { run: (() => unknown) | undefined };
}

let watch: Watch | undefined;

/** The one way to end a match from outside is to end the script that runs it. */
function watched(run: () => unknown): unknown {
  watch ??= { script: new Script('run()'), sandbox: createContext({ run: undefined }) as Watch['sandbox'] };
  watch.sandbox.run = run;
  try {
    return watch.script.runInContext(watch.sandbox, { timeout: MAX_MILLISECONDS });
  } finally {
    watch.sandbox.run = undefined;
  }
}
