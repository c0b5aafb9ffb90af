/** The `sns` action: what SELECT made, published to a topic of SNS (AWS: "SNS"). */
import { type ActionRunner, ServiceError } from '@thingd/core';
import { regionOfArn } from './arn.ts';
import { callAws } from './aws-call.ts';
import type { AwsClients, ClientSettings } from './aws-clients.ts';

interface SnsParameters {
  readonly targetArn: string;
  /** `JSON`: an object with a message for each protocol, and one by default. */
  readonly messageFormat?: 'RAW' | 'JSON';
}

const service = {
  name: 'SNS',
  async open(settings: ClientSettings) {
    const { SNS } = await import('@aws-sdk/client-sns');
    return new SNS(settings);
  },
};

export function sns(clients: AwsClients): ActionRunner {
  const read = (parameters: object): SnsParameters => parameters as SnsParameters;
  return {
    failedAction: 'SnsAction',
    literals: ['messageFormat'],
    check(parameters) {
      const { targetArn } = read(parameters);
      if (!targetArn.endsWith('.fifo')) return;
      throw new ServiceError(
        'InvalidRequestException',
        `\`${targetArn}\` is a FIFO topic, which rules do not publish to`,
      );
    },
    resourceOf: parameters => read(parameters).targetArn,
    run(request) {
      const { targetArn, messageFormat } = read(request.parameters);
      const input = {
        TopicArn: targetArn,
        Message: request.payload.toString('utf8'),
        MessageStructure: messageFormat === 'JSON' ? 'json' : undefined,
      };
      return callAws(clients, request, {
        service,
        request: `Publish ${targetArn}`,
        region: regionOfArn(targetArn),
        send: (client, options) => client.publish(input, options),
      });
    },
  };
}
