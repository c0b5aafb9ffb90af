/** Statements and substitution templates from their text. */
import type { ServiceError } from '../../../errors.ts';
import type { SqlVersion } from '../version.ts';
import type { Assignment, Expression, Statement } from './ast.ts';
import { ExpressionParser } from './expression-parser.ts';
import { syntaxError } from './syntax-error.ts';
import { topicFilterComplaint } from './topic-filter.ts';

const MAX_VARIABLES = 10;
const MAX_VARIABLE_NAME = 64;

/**
 * Reads `[SET …] SELECT … [FROM 'filter'] [WHERE …]`. Throws `SqlParseException` with line, column and what was expected there.
 * What the version does not have, unknown functions and undeclared variables are refused here too.
 */
export function parseStatement(text: string, version: SqlVersion): Statement {
  return new StatementParser(text, version).statement();
}

/** A template's text between its expressions, and the expressions. */
export type TemplatePart = string | Expression;

/**
 * Reads `text ${expression} text`. `variables` are the names that the statement sets, without `@`.
 * Throws `SqlParseException`; a `${` that is not closed is one.
 */
export function parseTemplate(text: string, version: SqlVersion, variables: readonly string[] = []): TemplatePart[] {
  const parts: TemplatePart[] = [];
  let at = 0;
  for (;;) {
    const open = text.indexOf('${', at);
    if (open < 0) break;
    if (open > at) parts.push(text.slice(at, open));
    const parser = new SubstitutionParser(text, open + 2, version, variables);
    parts.push(parser.substitution());
    at = parser.end;
  }
  if (at < text.length) parts.push(text.slice(at));
  return parts;
}

class StatementParser extends ExpressionParser {
  constructor(text: string, version: SqlVersion) {
    super(text, 0, version, false, []);
  }

  statement(): Statement {
    const variables = this.takeKeyword('SET') ? this.#assignments() : [];
    if (!this.takeKeyword('SELECT'))
      throw this.expected(variables.length > 0 ? '`,` or `SELECT`' : '`SELECT` or `SET`');
    const select = this.projection();
    const topicFilter = this.takeKeyword('FROM') ? this.#topicFilter() : undefined;
    const where = this.takeKeyword('WHERE') ? this.expression() : undefined;
    this.expectEnd(
      where ? 'the end of the statement' : topicFilter === undefined ? '`,`, `FROM` or `WHERE`' : '`WHERE`',
    );
    return { version: this.version, variables, select, topicFilter, where };
  }

  #assignments(): Assignment[] {
    const assignments: Assignment[] = [];
    do {
      if (assignments.length === MAX_VARIABLES) throw this.error(`a statement sets at most ${MAX_VARIABLES} variables`);
      assignments.push(this.#assignment());
    } while (this.takeSymbol(','));
    return assignments;
  }

  #assignment(): Assignment {
    if (this.next.kind !== 'variable') throw this.expected('a variable such as `@name`');
    const { text: name, start } = this.take();
    if (name.length > MAX_VARIABLE_NAME)
      throw this.error(`a variable's name has at most ${MAX_VARIABLE_NAME} characters`, start);
    if (this.isDeclared(name)) throw this.error(`the variable \`@${name}\` is set twice`, start);
    this.expectSymbol('=');
    const value = this.expression();
    this.addVariable(name);
    return { name, value };
  }

  #topicFilter(): string {
    if (this.next.kind !== 'string') throw this.expected('a topic filter in quotes');
    const { text, start } = this.take();
    const complaint = topicFilterComplaint(text);
    if (complaint !== undefined) throw this.error(complaint, start);
    return text;
  }
}

class SubstitutionParser extends ExpressionParser {
  readonly #open: number;

  constructor(text: string, start: number, version: SqlVersion, variables: readonly string[]) {
    super(text, start, version, true, variables);
    this.#open = start - 2;
  }

  substitution(): Expression {
    const value = this.expression();
    if (!this.isSymbol('}')) throw this.#notClosed();
    return value;
  }

  /** The offset after the closing `}`. */
  get end(): number {
    return this.next.end;
  }

  #notClosed(): ServiceError {
    return this.next.kind === 'end'
      ? syntaxError(this.text, this.#open, '`${` is not closed: expected `}`')
      : this.expected('`}`');
  }
}
