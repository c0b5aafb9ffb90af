/** The `lambda` action: a function that is mapped to a local file, given the event as Lambda gives it (AWS: "Lambda"). */
import { ActionFailure, type ActionRunner } from '@thingd/core';
import type { LocalFunctions } from '../functions/index.ts';

/** AWS: "Asynchronous invocation": a function that fails is called twice more. */
const attempts = 3;

export function lambda(functions: LocalFunctions): ActionRunner {
  const arnOf = (parameters: Readonly<Record<string, unknown>>): string => String(parameters.functionArn);
  return {
    failedAction: 'LambdaAction',
    check() {},
    resourceOf: arnOf,
    async run({ parameters, payload, isJson, attempt }) {
      const functionArn = arnOf(parameters);
      const report = { request: `INVOKE ${functionArn}` };
      if (!functions.has(functionArn)) {
        const message = `no file is mapped to the function \`${functionArn}\`: give thingd \`--function <name>=<file>\``;
        throw new ActionFailure(message, { isTransient: false, report });
      }
      if (!isJson) throw new ActionFailure('the payload is not JSON', { isTransient: false, report });
      try {
        const response = await functions.invoke(functionArn, payload.toString('utf8'));
        return { ...report, response: response.slice(0, 1000) };
      } catch (error) {
        const isTransient = attempt < attempts;
        throw new ActionFailure((error as Error).message, { isTransient, report, cause: error });
      }
    },
  };
}
