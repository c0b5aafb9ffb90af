/** The variables of a statement (AWS: "SET clause"). */
import { EvaluationError } from '../evaluation-error.ts';
import { noValues } from '../output.ts';
import type { Assignment } from '../syntax/ast.ts';
import { jsonText } from '../value/convert.ts';
import { RawPayload } from '../value/scalar.ts';
import type { Value } from '../value/value.ts';
import type { Code } from './code.ts';
import { expressionCode } from './expression.ts';
import type { Scope } from './scope.ts';

/** JSON text of one variable, and of all of them. */
const MAX_BYTES = 128 * 1024;

export interface Assigned {
  /** Computes one variable after the other. */
  readonly steps: readonly Code[];
  /** For what comes after them. */
  readonly scope: Scope;
  /** All their values. */
  readonly values: Code;
}

/** Each value may refer to those before it. */
export function assignmentCode(assignments: readonly Assignment[], scope: Scope): Assigned {
  const { program } = scope;
  if (assignments.length === 0) return { steps: [], scope, values: program.constant(noValues) };
  const variables = new Map<string, Code>();
  const inside: Scope = { ...scope, variables };
  const room = program.prepared(`new ${program.constant(Room)}()`);
  const steps = assignments.map(({ name, value }) => {
    const variable = program.variable();
    const step = `${variable} = ${room}.take(${expressionCode(value, inside)})`;
    variables.set(name, variable);
    return step;
  });
  return { steps, scope: inside, values: `[${[...variables.values()].join(', ')}]` };
}

class Room {
  #left = MAX_BYTES;

  /** The value as a variable holds it: bytes must pass through `encode` or `decode` first. */
  take(value: Value): Value {
    this.#left -= sizeOf(value);
    if (this.#left < 0) throw new EvaluationError('SET', 'the variables hold more than 128 KiB');
    return value instanceof RawPayload ? undefined : value;
  }
}

/** Bytes of JSON text, or an estimate from above if that is enough to see that it is short. */
function sizeOf(value: Value): number {
  if (typeof value !== 'object' && typeof value !== 'string') return 5;
  if (value instanceof RawPayload) return 0;
  return Buffer.byteLength(jsonText(value));
}
