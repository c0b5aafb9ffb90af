/** The `lambda` action: a function that is mapped to a local file, or else Lambda's own, given the event as it is (AWS: "Lambda"). */
import { ActionFailure, type ActionRunner } from '@thingd/core';
import type { LocalFunctions } from '../functions/index.ts';
import { type AwsClients, invokeFunction } from './aws/index.ts';

/** AWS: "Asynchronous invocation": a function that fails is called twice more. */
const attempts = 3;

export interface LambdaOptions {
  readonly functions: LocalFunctions;
  readonly aws: AwsClients;
}

export function lambda({ functions, aws }: LambdaOptions): ActionRunner {
  const arnOf = (parameters: Readonly<Record<string, unknown>>): string => String(parameters.functionArn);
  return {
    failedAction: 'LambdaAction',
    check() {},
    resourceOf: arnOf,
    async run(request) {
      const { parameters, payload, isJson, attempt } = request;
      const functionArn = arnOf(parameters);
      const report = { request: `INVOKE ${functionArn}` };
      if (!isJson) throw new ActionFailure('the payload is not JSON', { isTransient: false, report });
      if (!functions.has(functionArn)) return invokeFunction(aws, request, functionArn);
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
