/** The `sqs` action: what SELECT made, as a message of a queue (AWS: "SQS"). */
import { type ActionRunner, ServiceError } from '@thingd/core';
import { callAws } from './aws-call.ts';
import type { AwsClients, ClientSettings } from './aws-clients.ts';

interface SqsParameters {
  readonly queueUrl: string;
  readonly useBase64?: boolean;
}

const service = {
  name: 'SQS',
  async open(settings: ClientSettings) {
    const { SQS } = await import('@aws-sdk/client-sqs');
    // A queue's URL names a host of its own; where an endpoint was configured, that is where to go.
    return new SQS({ ...settings, useQueueUrlAsEndpoint: settings.endpoint === undefined });
  },
};

export function sqs(clients: AwsClients): ActionRunner {
  const read = (parameters: object): SqsParameters => parameters as SqsParameters;
  return {
    failedAction: 'SqsAction',
    literals: ['useBase64'],
    check(parameters) {
      const { queueUrl } = read(parameters);
      if (!queueUrl.endsWith('.fifo')) return;
      throw new ServiceError('InvalidRequestException', `\`${queueUrl}\` is a FIFO queue, which rules do not send to`);
    },
    resourceOf: parameters => read(parameters).queueUrl,
    run(request) {
      const { queueUrl, useBase64 = false } = read(request.parameters);
      const input = { QueueUrl: queueUrl, MessageBody: request.payload.toString(useBase64 ? 'base64' : 'utf8') };
      return callAws(clients, request, {
        service,
        request: `SendMessage ${queueUrl}`,
        send: (client, options) => client.sendMessage(input, options),
      });
    },
  };
}
