/**
 * What expressions are compiled to: JavaScript. Each place of a rule then has code of its own, so that V8 learns for this place
 * which shape the messages have, and what is small is built into it; closures that all rules share learn nothing of the kind
 * (docs/decisions/0006-rules-become-javascript.md).
 */
import { RecentlyUsed } from '../../../store/recently-used.ts';

/** Source text of a JavaScript expression, in brackets where it might need them. */
export type Code = string;

/** A text as it is written in code. No text of a rule gets there in any other way. */
export const literal = (text: string): Code => JSON.stringify(text);

/** One after the other; the value is that of the last. */
export const sequence = (...codes: readonly Code[]): Code => (codes.length === 1 ? codes[0]! : `(${codes.join(', ')})`);

export class Program {
  /** What the code refers to by name, each thing once. */
  readonly #names = new Map<unknown, Code>();
  /** The variables of each function that is being written, from the outermost to the innermost. */
  readonly #variables: Code[][] = [];
  /** Variables by the code of their values. */
  readonly #prepared = new Map<Code, Code>();
  /** What the blocks that are being written begin with, from the outermost to the innermost. */
  readonly #blocks: Code[][] = [];
  #count = 0;

  /** A value as it is written in code, or a name for it. Rules that differ in numbers alone have the same code. */
  constant(value: unknown): Code {
    if (typeof value === 'string') return literal(value);
    if (typeof value === 'boolean' || value === null || value === undefined) return String(value);
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

  /** What `write` writes, and in front of it what it asks to be prepared. */
  block(write: () => Code): Code {
    this.#blocks.push([]);
    const code = write();
    return sequence(...this.#blocks.pop()!, code);
  }

  /** A variable of the outermost function, computed where the block begins; blocks that are written later find it there. */
  prepared(value: Code): Code {
    const known = this.#prepared.get(value);
    if (known !== undefined) return known;
    const name = this.#newName('value');
    this.#prepared.set(value, name);
    this.#variables[0]!.push(name);
    this.#blocks.at(-1)!.push(`${name} = ${value}`);
    return name;
  }

  /** A function whose value is the expression that `write` writes with its parameters. */
  lambda(parameters: readonly Code[], write: () => Code): Code {
    this.#variables.push([]);
    const code = write();
    const declarations = this.#variables.pop()!;
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
    return makerOf(`'use strict'; const [${names}] = constants; return ${code};`)(this.#names.keys());
  }

  #newName(kind: string): Code {
    this.#count += 1;
    return `${/^[a-z]+$/i.test(kind) ? kind : 'constant'}${this.#count}`;
  }
}

type Make = (constants: Iterable<unknown>) => unknown;

interface Maker {
  readonly source: string;
  readonly make: Make;
}

/** Characters of source. */
const MAX_KEPT = 4_000_000;

/**
 * Makers by their source. What V8 learns and makes of one is good for all rules whose code it is, and a fleet has many rules of
 * few shapes: else each would take its own place in the processor's cache, and its own time to be optimized.
 */
const makers = new RecentlyUsed<Maker>(MAX_KEPT, ({ source }) => source.length);

function makerOf(source: string): Make {
  const known = makers.get(source);
  if (known !== undefined) return known.make;
  const make = new Function('constants', source) as Make;
  makers.set(source, { source, make });
  return make;
}
