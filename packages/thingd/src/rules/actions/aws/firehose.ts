/** The `firehose` action: what SELECT made, as one record or one for each element (AWS: "Data Firehose"). */
import type { ActionRunner } from '@thingd/core';
import { callAws, unfit } from './aws-call.ts';
import type { AwsClients, ClientSettings } from './aws-clients.ts';
import { elementsOf } from './exact-json.ts';
import { putAll } from './put-all.ts';

interface FirehoseParameters {
  readonly deliveryStreamName: string;
  readonly separator?: string;
  readonly batchMode?: boolean;
}

/** Records of one batch (AWS: PutRecordBatch; of an array with more "Data Firehose" says that it is an error). */
const largestBatch = 500;

const service = {
  name: 'FIREHOSE',
  async open(settings: ClientSettings) {
    const { Firehose } = await import('@aws-sdk/client-firehose');
    return new Firehose(settings);
  },
};

export function firehose(clients: AwsClients): ActionRunner {
  const read = (parameters: object): FirehoseParameters => parameters as FirehoseParameters;
  return {
    failedAction: 'FirehoseAction',
    literals: ['separator', 'batchMode'],
    check() {},
    resourceOf: parameters => read(parameters).deliveryStreamName,
    async run(request) {
      const { deliveryStreamName, separator = '', batchMode = false } = read(request.parameters);
      const elements = batchMode && request.isJson ? elementsOf(request.payload) : undefined;
      if (elements === undefined) {
        const Data = Buffer.concat([request.payload, Buffer.from(separator)]);
        return callAws(clients, request, {
          service,
          request: `PutRecord ${deliveryStreamName}`,
          send: (client, options) =>
            client.putRecord({ DeliveryStreamName: deliveryStreamName, Record: { Data } }, options),
        });
      }
      const what = `PutRecordBatch ${deliveryStreamName} (${elements.length} records)`;
      if (elements.length > largestBatch) {
        throw unfit(what, `the array has ${elements.length} elements; a batch takes ${largestBatch}`);
      }
      if (elements.length === 0) return { request: what, response: 'nothing to send' };
      const records = elements.map(element => ({ Data: Buffer.from(element + separator) }));
      return callAws(clients, request, {
        service,
        request: what,
        send: (client, options) =>
          putAll(records, what, async some => {
            const input = { DeliveryStreamName: deliveryStreamName, Records: [...some] };
            const answer = await client.putRecordBatch(input, options);
            const responses = answer.RequestResponses ?? [];
            const refused = some.flatMap((entry, index) => {
              const { ErrorCode: code, ErrorMessage: message } = responses[index] ?? {};
              return code === undefined ? [] : [{ entry, code, message }];
            });
            return { answer, refused };
          }),
      });
    },
  };
}
