/** A function that runs where Lambda does: invoked, and not waited for (AWS: "Lambda"). */
import type { ActionReport, ActionRequest } from '@thingd/core';
import { regionOfArn } from './arn.ts';
import { callAws } from './aws-call.ts';
import type { AwsClients, ClientSettings } from './aws-clients.ts';

export const lambdaService = {
  name: 'LAMBDA',
  async open(settings: ClientSettings) {
    const { Lambda } = await import('@aws-sdk/client-lambda');
    return new Lambda(settings);
  },
};

/** Resolves when Lambda has taken the event; what becomes of it is Lambda's. */
export const invokeFunction = (
  clients: AwsClients,
  request: ActionRequest,
  functionArn: string,
): Promise<ActionReport> =>
  callAws(clients, request, {
    service: lambdaService,
    request: `INVOKE ${functionArn}`,
    region: regionOfArn(functionArn),
    send: (client, options) =>
      client.invoke({ FunctionName: functionArn, InvocationType: 'Event', Payload: request.payload }, options),
  });
