/** `aws_lambda`: a function that is mapped to a local file, or Lambda's own, and what it returns. */
import type { ExternalServices, Realm } from '@thingd/core';
import { askAws, lambdaService, regionOfArn } from '../actions/aws/index.ts';
import type { LocalFunctions } from '../functions/index.ts';
import type { AwsQuestionOptions } from './aws-question.ts';

export interface LambdaFunctionsOptions extends AwsQuestionOptions {
  readonly functions: LocalFunctions;
}

/** Milliseconds Lambda has for its answer (AWS: "aws_lambda(functionArn, inputJson)"). */
const timeout = 2000;

export const lambdaFunctions =
  ({ functions, aws, signal }: LambdaFunctionsOptions) =>
  (realm: Realm): Pick<ExternalServices, 'invokeLambda'> => ({
    async invokeLambda(functionArn, event) {
      if (functions.has(functionArn)) return functions.invoke(functionArn, event);
      const { FunctionError, Payload = new Uint8Array() } = await askAws(aws, {
        service: lambdaService,
        request: `INVOKE ${functionArn}`,
        region: regionOfArn(functionArn) ?? realm.region,
        timeout,
        signal,
        send: (client, options) =>
          client.invoke(
            { FunctionName: functionArn, InvocationType: 'RequestResponse', Payload: Buffer.from(event) },
            options,
          ),
      });
      const answer = Buffer.from(Payload).toString('utf8');
      if (FunctionError === undefined) return answer;
      throw new Error(errorOf(answer));
    },
  });

/** What a function that failed answers: `{"errorType": …, "errorMessage": …}`, if it came to that. */
function errorOf(answer: string): string {
  try {
    const { errorType = 'Error', errorMessage } = JSON.parse(answer);
    return `${errorType}: ${errorMessage}`;
  } catch {
    return 'the function failed';
  }
}
