/** The `stepFunctions` action: an execution of a state machine, with what SELECT made as its input (AWS: "Step Functions"). */
import { type ActionRequest, type ActionRunner, partitionOf, realmKey } from '@thingd/core';
import { callAws, unfit } from './aws-call.ts';
import type { AwsClients, ClientSettings } from './aws-clients.ts';
import { uuidOf } from './uuid.ts';

interface StepFunctionsParameters {
  readonly stateMachineName: string;
  readonly executionNamePrefix?: string;
}

const service = {
  name: 'SFN',
  async open(settings: ClientSettings) {
    const { SFN } = await import('@aws-sdk/client-sfn');
    return new SFN(settings);
  },
};

export function stepFunctions(clients: AwsClients): ActionRunner {
  const read = (parameters: object): StepFunctionsParameters => parameters as StepFunctionsParameters;
  return {
    failedAction: 'StepFunctionsAction',
    check() {},
    resourceOf: parameters => read(parameters).stateMachineName,
    async run(request) {
      const { stateMachineName, executionNamePrefix = '' } = read(request.parameters);
      const what = `StartExecution ${stateMachineName}`;
      if (!request.isJson) throw unfit(what, 'the payload is not JSON');
      const input = {
        stateMachineArn: stateMachineArn(request, stateMachineName),
        // The same at each attempt: a standard state machine starts one execution of a name (AWS: StartExecution).
        name: executionNamePrefix + uuidOf(`${realmKey(request.realm)} ${request.ruleName} ${request.invocationId}`),
        input: request.payload.toString('utf8'),
      };
      return callAws(clients, request, {
        service,
        request: what,
        send: (client, options) => client.startExecution(input, options),
      });
    },
  };
}

const stateMachineArn = ({ realm: { region, accountId } }: ActionRequest, name: string): string =>
  `arn:${partitionOf(region)}:states:${region}:${accountId}:stateMachine:${name}`;
