/** Functions of regular expressions, in Java's syntax. A pattern that is none makes them Undefined. */
import { MAX_TEXT } from '../compile/operators.ts';
import { EvaluationError } from '../evaluation-error.ts';
import { groupText, parseReplacement, type Regex, type ReplacementPart, withinTime } from '../regex/regex.ts';
import type { Value } from '../value/value.ts';
import type { FunctionTable, PatternFunction } from './sql-function.ts';

const table: FunctionTable = {
  regexp_matches: ofPattern('regexp_matches', ({ expression }, text) => {
    expression.lastIndex = 0;
    return expression.test(text);
  }),
  regexp_replace: {
    kind: 'pattern',
    arity: [3, 3],
    apply(text, regex, replacement) {
      const parts = parseReplacement(replacement!, regex);
      if (parts === undefined) return undefined;
      return timed('regexp_replace', regex, text, ({ expression }) => replaceAll(text, expression, parts));
    },
  },
  regexp_substr: ofPattern('regexp_substr', (regex, text) => firstMatch(regex, text)?.[0]),
};

export const regexFunctions = (): FunctionTable => table;

type Match = (regex: Regex, text: string) => Value;

function ofPattern(name: string, match: Match): PatternFunction {
  return { kind: 'pattern', arity: [2, 2], apply: (text, regex) => timed(name, regex, text, match) };
}

function timed(name: string, regex: Regex, text: string, match: Match): Value {
  if (text.length <= regex.harmlessLength) return match(regex, text);
  const outcome = withinTime(() => match(regex, text));
  if (outcome === undefined) throw new EvaluationError(name, `\`${name}\` took longer than 100 ms`);
  return outcome.result;
}

function firstMatch({ expression }: Regex, text: string): RegExpExecArray | null {
  expression.lastIndex = 0;
  return expression.exec(text);
}

function replaceAll(text: string, expression: RegExp, parts: readonly ReplacementPart[]): Value {
  let replaced = '';
  let end = 0;
  expression.lastIndex = 0;
  for (const match of text.matchAll(expression)) {
    replaced += text.slice(end, match.index);
    for (const part of parts) replaced += typeof part === 'string' ? part : groupText(match, part);
    end = match.index + match[0].length;
    if (replaced.length > MAX_TEXT) return undefined;
  }
  return replaced + text.slice(end);
}
