/** From code to the function of a message that it is. */
import type { SqlVersion } from '../version.ts';
import { type Code, Program } from './code.ts';
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
  const scope: Scope = {
    program,
    version,
    message: 'message',
    context: 'context',
    journal: parameters.includes('journal') ? 'journal' : undefined,
    variables: new Map(),
    query: undefined,
  };
  return program.run(program.lambda(parameters, () => program.block(() => write(scope)))) as Compiled;
}
