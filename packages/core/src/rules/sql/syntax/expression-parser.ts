/** A Pratt parser for expressions: a token says how to begin one, an operator's precedence how far it reaches. */
import { asksServices, findFunction, functionFor } from '../functions/index.ts';
import type { CallSite, SingleFunction } from '../functions/sql-function.ts';
import { castTypeNames } from '../value/cast.ts';
import { arithmeticOf, isFirstVersion, type SqlVersion } from '../version.ts';
import {
  type BinaryOperator,
  type Column,
  type Expression,
  nameOf,
  type ObjectMember,
  type Projection,
  precedence,
  type Subselect,
  type When,
} from './ast.ts';
import { readToken, type Token } from './lexer.ts';
import { isKeyword, isSymbol, TokenStream } from './token-stream.ts';

/** Brackets inside of brackets; and the height of an expression, which a long chain of operators reaches too. */
const MAX_NESTING = 100;
const MAX_HEIGHT = 1000;

/** Words that cannot begin a path. (`end` and its like may, outside of CASE, and `value` nearly everywhere.) */
const reserved = new Set(['SELECT', 'FROM', 'WHERE', 'AS', 'AND', 'OR', 'NOT', 'IN', 'CASE', 'TRUE', 'FALSE', 'NULL']);
const reservedInCase = new Set(['WHEN', 'THEN', 'ELSE', 'END']);

export class ExpressionParser extends TokenStream {
  protected readonly version: SqlVersion;
  readonly #site: CallSite;
  readonly #declared: Set<string>;
  readonly #calls = new Map<SingleFunction, number>();
  #nesting = 0;
  #openCases = 0;
  /** Of the expression parsed last. */
  #height = 0;

  constructor(text: string, start: number, version: SqlVersion, isTemplate: boolean, variables: readonly string[]) {
    super(text, start);
    this.version = version;
    this.#site = { isTemplate, asksServices: expression => asksServices(expression, version) };
    this.#declared = new Set(variables);
  }

  protected addVariable(name: string): void {
    this.#declared.add(name);
  }

  protected isDeclared(name: string): boolean {
    return this.#declared.has(name);
  }

  /** An expression of operators that bind at least as tightly as `least`. */
  protected expression(least: number = precedence.OR): Expression {
    if (++this.#nesting > MAX_NESTING) throw this.error('too many levels of nesting');
    let left = this.#prefix();
    for (;;) {
      const operator = operatorOf(this.next);
      if (operator === undefined || precedence[operator] < least) break;
      const height = this.#height;
      this.take();
      const right = this.expression(precedence[operator] + 1);
      this.#grow(height);
      left = { kind: 'binary', operator, left, right };
      if (precedence[operator] === precedence['='] && isComparison(operatorOf(this.next))) {
        throw this.error('comparisons cannot be chained: put one of them in parentheses');
      }
    }
    this.#nesting--;
    return left;
  }

  #prefix(): Expression {
    if (this.takeKeyword('NOT')) {
      const value = this.expression(precedence.NOT);
      this.#grow(0);
      return { kind: 'not', value };
    }
    if (this.takeSymbol('-')) {
      const value = this.expression(precedence.negate);
      this.#grow(0);
      return { kind: 'negate', value };
    }
    let value = this.#primary();
    while (this.takeSymbol('.')) {
      value = { kind: 'member', object: value, name: this.expectName('the name of a member') };
      this.#grow(0);
    }
    if (this.isSymbol('[')) throw this.error('there is no `[…]` after a value: use `get(value, index)`');
    return value;
  }

  #primary(): Expression {
    const { kind, text, start } = this.next;
    this.#height = 1;
    switch (kind) {
      case 'number':
        return this.#number();
      case 'string':
        this.take();
        return { kind: 'string', value: text };
      case 'variable':
        if (!this.isDeclared(text)) throw this.error(`the variable \`@${text}\` is not set before`);
        this.take();
        return { kind: 'variable', name: text };
      case 'word':
        return this.#word();
      case 'symbol':
        if (text === '*') {
          this.take();
          return { kind: 'star' };
        }
        if (text === '(') return this.#parentheses();
        if (text === '{') return this.#object(start);
        if (text === '[') return this.#array(start);
    }
    throw this.expected('an expression');
  }

  #number(): Expression {
    const { text, start } = this.take();
    const value = arithmeticOf(this.version).parse(text);
    if (value === undefined) throw this.error('the number is outside of the range 1E-999 to 9.99E999', start);
    return { kind: 'number', value };
  }

  #word(): Expression {
    const { text } = this.next;
    const upper = text.toUpperCase();
    if (upper === 'TRUE' || upper === 'FALSE') {
      this.take();
      return { kind: 'boolean', value: upper === 'TRUE' };
    }
    if (this.takeKeyword('NULL')) return { kind: 'null' };
    if (upper === 'CASE') return this.#case();
    if (reserved.has(upper) || (this.#openCases > 0 && reservedInCase.has(upper))) throw this.expected('an expression');
    if (!isSymbol(this.afterNext(), '(')) {
      this.take();
      return { kind: 'field', name: text };
    }
    if (upper === 'CAST') return this.#cast();
    if (upper === 'EXISTS') return this.#exists();
    return this.#call();
  }

  #parentheses(): Expression {
    this.expectSymbol('(');
    const value = this.isKeyword('SELECT') ? this.#subselect() : this.#insideBrackets(() => this.expression());
    this.expectSymbol(')');
    return value;
  }

  /** Within brackets `end` and its like are names again. */
  #insideBrackets<T>(parse: () => T): T {
    const openCases = this.#openCases;
    this.#openCases = 0;
    const result = parse();
    this.#openCases = openCases;
    return result;
  }

  #case(): Expression {
    this.take();
    this.#openCases++;
    const value = this.expression();
    let height = this.#height;
    const whens: When[] = [];
    const part = () => {
      const parsed = this.expression();
      height = Math.max(height, this.#height);
      return parsed;
    };
    while (this.takeKeyword('WHEN')) {
      const match = part();
      this.expectKeyword('THEN');
      whens.push({ match, result: part() });
    }
    if (whens.length === 0) throw this.expected('`WHEN`');
    const otherwise = this.takeKeyword('ELSE') ? part() : undefined;
    if (!this.takeKeyword('END')) throw this.expected(otherwise ? '`END`' : '`WHEN`, `ELSE` or `END`');
    this.#openCases--;
    this.#height = height + 1;
    return { kind: 'case', value, whens, otherwise };
  }

  #cast(): Expression {
    this.take();
    this.expectSymbol('(');
    const value = this.#insideBrackets(() => this.expression());
    this.#grow(0);
    this.expectKeyword('AS');
    const { start } = this.next;
    const name = this.expectName('the name of a type');
    const type = castTypeNames.get(name.toLowerCase());
    const known = type !== undefined && !(isFirstVersion(this.version) && (type === 'Decimal' || type === 'Boolean'));
    if (!known) throw this.error(`cannot cast to \`${name}\` in version ${this.version}`, start);
    this.expectSymbol(')');
    return { kind: 'cast', value, type };
  }

  #exists(): Expression {
    this.take();
    this.expectSymbol('(');
    if (!this.isKeyword('SELECT')) throw this.expected('`SELECT`');
    const query = this.#subselect();
    this.expectSymbol(')');
    return { kind: 'exists', query };
  }

  #call(): Expression {
    const { text, start } = this.take();
    const sqlFunction = findFunction(text, this.version);
    if (sqlFunction === undefined) throw this.error(this.#unknownFunction(text), start);
    const args = this.#list('(', ')', () => this.#argument());
    const complaint = sqlFunction.check?.(args, this.#site) ?? this.#countCall(functionFor(text, args, this.version));
    if (complaint !== undefined) throw this.error(`\`${text}\` ${complaint}`, start);
    return { kind: 'call', name: text, args };
  }

  #unknownFunction(name: string): string {
    const later = findFunction(name, '2016-03-23') !== undefined;
    return later ? `the function \`${name}\` came with version 2016-03-23` : `there is no function \`${name}\``;
  }

  #countCall(called: SingleFunction): string | undefined {
    const count = (this.#calls.get(called) ?? 0) + 1;
    this.#calls.set(called, count);
    const { atMost } = called;
    if (atMost === undefined || count <= atMost) return undefined;
    return `may be called only ${atMost === 1 ? 'once' : `${atMost} times`} in a statement`;
  }

  /** A nested query may stand as an argument without parentheses of its own. */
  #argument(): Expression {
    return this.isKeyword('SELECT') ? this.#subselect() : this.expression();
  }

  #object(start: number): Expression {
    this.#sinceSecondVersion('object literals', start);
    const members = this.#list('{', '}', (): ObjectMember => {
      if (this.next.kind !== 'string') throw this.expected('a key in quotes');
      const key = this.take().text;
      this.expectSymbol(':');
      return { key, value: this.expression() };
    });
    return { kind: 'object', members };
  }

  #array(start: number): Expression {
    this.#sinceSecondVersion('array literals', start);
    return { kind: 'array', items: this.#list('[', ']', () => this.expression()) };
  }

  /** Items between brackets; a comma after the last one does no harm. */
  #list<T>(open: string, close: string, item: () => T): T[] {
    this.expectSymbol(open);
    const items: T[] = [];
    let height = 0;
    this.#insideBrackets(() => {
      while (!this.isSymbol(close)) {
        items.push(item());
        height = Math.max(height, this.#height);
        if (!this.takeSymbol(',')) break;
      }
    });
    if (!this.takeSymbol(close)) throw this.expected(`\`,\` or \`${close}\``);
    this.#height = height;
    this.#grow(0);
    return items;
  }

  #subselect(): Subselect {
    this.#sinceSecondVersion('nested queries', this.next.start);
    if (++this.#nesting > MAX_NESTING) throw this.error('too many levels of nesting');
    this.expectKeyword('SELECT');
    const query = this.#insideBrackets((): Subselect => {
      const select = this.projection();
      let height = this.#height;
      if (!this.takeKeyword('FROM')) throw this.expected('`,` or `FROM`');
      const source = this.#argument();
      height = Math.max(height, this.#height);
      const alias = this.takeKeyword('AS') ? this.expectName('a name for the element') : undefined;
      const where = this.takeKeyword('WHERE') ? this.expression() : undefined;
      this.#grow(height);
      return { kind: 'subselect', select, source, alias, where };
    });
    this.#nesting--;
    return query;
  }

  /** What follows SELECT. */
  protected projection(): Projection {
    if (this.#atValueKeyword()) {
      this.take();
      const value = this.expression();
      if (this.isSymbol(',')) throw this.error('`SELECT VALUE` takes one expression');
      return { kind: 'value', value };
    }
    const columns = [this.#column()];
    let height = this.#height;
    while (this.takeSymbol(',') && !this.#atClauseEnd()) {
      columns.push(this.#column());
      height = Math.max(height, this.#height);
    }
    this.#height = height;
    return { kind: 'columns', columns };
  }

  #atClauseEnd(): boolean {
    return this.next.kind === 'end' || this.isKeyword('FROM') || this.isKeyword('WHERE') || this.isSymbol(')');
  }

  /** `value` is also a good name for a member: it is the keyword only if what follows begins an expression. */
  #atValueKeyword(): boolean {
    if (!this.isKeyword('VALUE')) return false;
    const following = this.afterNext();
    if (following.kind === 'symbol') {
      if (following.text !== '*') return '({['.includes(following.text);
      return !beginsOperand(readToken(this.text, following.end));
    }
    return following.kind !== 'end' && !isWordOf(following, 'AS', 'AND', 'OR', 'IN', 'FROM', 'WHERE');
  }

  #column(): Column {
    const { start } = this.next;
    const value = this.expression();
    if (this.takeKeyword('AS')) {
      const alias = [this.expectName('a name')];
      while (this.takeSymbol('.')) alias.push(this.expectName('a name'));
      return { value, alias };
    }
    if (value.kind !== 'star' && nameOf(value) === undefined) {
      throw this.#atClauseEnd() || this.isSymbol(',')
        ? this.error('this column needs a name: add `AS name`', start)
        : this.expected('`AS`, `,` or `FROM`');
    }
    return { value, alias: undefined };
  }

  #sinceSecondVersion(what: string, at: number): void {
    if (isFirstVersion(this.version)) throw this.error(`${what} came with version 2016-03-23`, at);
  }

  /** Counts the operator just read on top of its operands, of which one was parsed before. */
  #grow(before: number): void {
    this.#height = Math.max(before, this.#height) + 1;
    if (this.#height > MAX_HEIGHT) throw this.error('too long a chain of operators');
  }
}

const symbolOperators: ReadonlySet<string> = new Set(['=', '<>', '<', '<=', '>', '>=', '+', '-', '*', '/', '%']);

function operatorOf(token: Token): BinaryOperator | undefined {
  if (token.kind === 'symbol') return symbolOperators.has(token.text) ? (token.text as BinaryOperator) : undefined;
  if (token.kind !== 'word') return undefined;
  return (['AND', 'OR', 'IN'] as const).find(word => isKeyword(token, word));
}

const isComparison = (operator: BinaryOperator | undefined): boolean =>
  operator !== undefined && precedence[operator] === precedence['='];

const isWordOf = (token: Token, ...keywords: readonly string[]): boolean =>
  keywords.some(keyword => isKeyword(token, keyword));

/** Whether `value * …` multiplies. */
function beginsOperand(token: Token): boolean {
  if (token.kind === 'symbol') return '({[-*'.includes(token.text);
  return token.kind !== 'end' && !isWordOf(token, 'FROM', 'WHERE', 'AS', 'AND', 'OR', 'IN');
}
