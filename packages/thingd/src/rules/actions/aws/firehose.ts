/** The `firehose` action: what SELECT made, as one record or one for each element (AWS: "Data Firehose"). */
import type { Firehose } from '@aws-sdk/client-firehose';
import { ActionFailure, type ActionRunner } from '@thingd/core';
import { type Answer, type CallOptions, callAws, unfit } from './aws-call.ts';
import type { AwsClients, ClientSettings } from './aws-clients.ts';
import { elementsOf } from './exact-json.ts';

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
        send: (client, options) => putAll(client, deliveryStreamName, records, what, options),
      });
    },
  };
}

type FirehoseRecord = { readonly Data: Buffer };

/** A batch may be accepted in part: what was not is sent again, for as long as each call gets some of it through. */
async function putAll(
  client: Firehose,
  DeliveryStreamName: string,
  all: readonly FirehoseRecord[],
  request: string,
  options: CallOptions,
): Promise<Answer> {
  let records = all;
  for (;;) {
    const answer = await client.putRecordBatch({ DeliveryStreamName, Records: [...records] }, options);
    const responses = answer.RequestResponses ?? [];
    const left = records.filter((_, index) => responses[index]?.ErrorCode !== undefined);
    if (left.length === 0) return answer;
    if (left.length === records.length) {
      const { ErrorCode, ErrorMessage } = responses[0]!;
      const message = `${left.length} of ${all.length} records were not accepted: ${ErrorCode} ${ErrorMessage ?? ''}`;
      throw new ActionFailure(message.trim(), { isTransient: true, report: { request } });
    }
    records = left;
  }
}
