/** The `kinesis` action: what SELECT made, as a record of a stream (AWS: "Kinesis Data Streams"). */
import { randomUUID } from 'node:crypto';
import type { ActionRunner } from '@thingd/core';
import { callAws } from './aws-call.ts';
import type { AwsClients, ClientSettings } from './aws-clients.ts';

interface KinesisParameters {
  readonly streamName: string;
  readonly partitionKey?: string;
}

const service = {
  name: 'KINESIS',
  async open(settings: ClientSettings) {
    const { Kinesis } = await import('@aws-sdk/client-kinesis');
    return new Kinesis(settings);
  },
};

export function kinesis(clients: AwsClients): ActionRunner {
  const read = (parameters: object): KinesisParameters => parameters as KinesisParameters;
  return {
    failedAction: 'KinesisAction',
    check() {},
    resourceOf: parameters => read(parameters).streamName,
    run(request) {
      // Without a key any shard will do, so that they fill evenly (AWS is silent; unverified).
      const { streamName, partitionKey = randomUUID() } = read(request.parameters);
      const input = { StreamName: streamName, PartitionKey: partitionKey, Data: request.payload };
      return callAws(clients, request, {
        service,
        request: `PutRecord ${streamName}`,
        send: (client, options) => client.putRecord(input, options),
      });
    },
  };
}
