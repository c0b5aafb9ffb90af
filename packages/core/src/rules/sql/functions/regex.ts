/** Functions of regular expressions, in Java's syntax. A pattern that is none makes them Undefined. */
import { MAX_TEXT } from '../compile/operators.ts';
import { EvaluationError } from '../evaluation-error.ts';
import { groupText, parseReplacement, type Regex, type ReplacementPart, regexOf, withinTime } from '../regex/regex.ts';
import { Undefined, type Value } from '../value/value.ts';
import type { FunctionTable, TextFunction } from './sql-function.ts';
import { ofTexts } from './text.ts';

const table: FunctionTable = {
  regexp_matches: ofPattern('regexp_matches', ({ expression }, text) => {
    expression.lastIndex = 0;
    return expression.test(text);
  }),
  regexp_replace: ofTexts((text, pattern, replacement) => {
    const regex = regexOf(pattern);
    const parts = regex && parseReplacement(replacement, regex);
    if (parts === undefined) return Undefined;
    return timed('regexp_replace', regex!, text, ({ expression }) => replaceAll(text, expression, parts));
  }),
  regexp_substr: ofPattern('regexp_substr', (regex, text) => firstMatch(regex, text)?.[0] ?? Undefined),
};

export const regexFunctions = (): FunctionTable => table;

type Match = (regex: Regex, text: string) => Value;

function ofPattern(name: string, match: Match): TextFunction {
  return ofTexts((text, pattern) => {
    const regex = regexOf(pattern);
    return regex === undefined ? Undefined : timed(name, regex, text, match);
  });
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
    if (replaced.length > MAX_TEXT) return Undefined;
  }
  return replaced + text.slice(end);
}
