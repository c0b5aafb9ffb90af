/** From code to the function of a message that it is. */
import type { SqlVersion } from '../version.ts';
import { type Code, literal, Program } from './code.ts';
import { Evaluation } from './evaluation.ts';
import type { Scope } from './scope.ts';

/** What the function is called with, in this order: those of them that it takes. */
export type Parameter = 'message' | 'context' | 'variables' | 'journal';

/** The function that `write` writes, outside of any sub-select. Without parameters that are left out it is called faster. */
export function compile<Compiled>(
  version: SqlVersion,
  parameters: readonly Parameter[],
  write: (scope: Scope) => Code,
): Compiled {
  const program = new Program();
  const journal = parameters.includes('journal') ? 'journal' : 'undefined';
  const evaluation = `new ${program.constant(Evaluation)}(${literal(version)}, message, context, ${journal})`;
  const scope: Scope = {
    program,
    version,
    message: 'message',
    evaluation: () => program.prepared(evaluation),
    variables: new Map(),
    query: undefined,
  };
  return program.run(program.lambda(parameters, () => write(scope))) as Compiled;
}
