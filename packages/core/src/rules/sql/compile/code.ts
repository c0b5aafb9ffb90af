/**
 * What expressions are compiled to: JavaScript. Each place of a rule then has code of its own, so that V8 learns for this place
 * which shape the messages have, and what is small is built into it; closures that all rules share learn nothing of the kind
 * (docs/decisions/0006-rules-become-javascript.md).
 */

/** Source text of a JavaScript expression, in brackets where it might need them. */
export type Code = string;

/** A text as it is written in code. No text of a rule gets there in any other way. */
export const literal = (text: string): Code => JSON.stringify(text);

export class Program {
  /** What the code refers to by name, each thing once. */
  readonly #names = new Map<unknown, Code>();
  /** The variables of each function that is being written, from the outermost to the innermost. */
  readonly #variables: Code[][] = [];
  /** What the outermost function begins with: variables by the code of their values. */
  readonly #prepared = new Map<Code, Code>();
  #count = 0;

  /** A name for a value. Rules that differ in values alone have the same code, whatever they are. */
  constant(value: unknown): Code {
    if (typeof value === 'boolean' || value === null) return String(value);
    const known = this.#names.get(value);
    if (known !== undefined) return known;
    const name = this.#newName(typeof value === 'function' ? value.name : 'constant');
    this.#names.set(value, name);
    return name;
  }

  /** A call of a function of ours. V8 builds it in if it is small. */
  call(called: (...args: never[]) => unknown, ...args: readonly Code[]): Code {
    return `${this.constant(called)}(${args.join(', ')})`;
  }

  /** A variable of the function that is being written; `undefined` when that is called. */
  variable(): Code {
    const name = this.#newName('value');
    this.#variables.at(-1)!.push(name);
    return name;
  }

  /** A variable of the outermost function, which computes it first. */
  prepared(value: Code): Code {
    const known = this.#prepared.get(value);
    if (known !== undefined) return known;
    const name = this.#newName('value');
    this.#prepared.set(value, name);
    return name;
  }

  /** A function whose value is the expression that `write` writes with its parameters. */
  lambda(parameters: readonly Code[], write: () => Code): Code {
    this.#variables.push([]);
    const code = write();
    const declarations = this.#variables.pop()!;
    if (this.#variables.length === 0) {
      for (const [value, name] of this.#prepared) declarations.push(`${name} = ${value}`);
    }
    const declared = declarations.length > 0 ? `let ${declarations.join(', ')}; ` : '';
    return `((${parameters.join(', ')}) => { ${declared}return ${code}; })`;
  }

  /** A name for a parameter. */
  parameter(): Code {
    return this.#newName('element');
  }

  /** Makes a value of its code. */
  run(code: Code): unknown {
    const names = [...this.#names.values()].join(', ');
    return new Function('constants', `'use strict'; const [${names}] = constants; return ${code};`)(this.#names.keys());
  }

  #newName(kind: string): Code {
    this.#count += 1;
    return `${/^[a-z]+$/i.test(kind) ? kind : 'constant'}${this.#count}`;
  }
}
