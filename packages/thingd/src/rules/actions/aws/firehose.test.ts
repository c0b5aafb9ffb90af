import type { ActionRequest } from '@thingd/core';
import { expect, test } from 'vitest';
import type { AwsClients } from './aws-clients.ts';
import { firehose } from './firehose.ts';

const parameters = { deliveryStreamName: 'd', batchMode: true, roleArn: 'arn:aws:iam::123456789012:role/r' };

/** Runs the action against a stream that refuses, call by call, the records named. */
async function run(payload: string, refusals: readonly (readonly string[])[]) {
  const calls: string[][] = [];
  const client = {
    async putRecordBatch({ Records }: { Records: { Data: Buffer }[] }) {
      const refused = refusals[calls.length] ?? [];
      const texts = Records.map(({ Data }) => Data.toString());
      calls.push(texts);
      const RequestResponses = texts.map(text =>
        refused.includes(text) ? { ErrorCode: 'InternalFailure' } : { RecordId: 'r' },
      );
      return { $metadata: { httpStatusCode: 200 }, RequestResponses };
    },
  };
  const clients = { client: async () => client } as unknown as AwsClients;
  const realm = { accountId: '123456789012', region: 'us-east-1' };
  const signal = new AbortController().signal;
  const request = {
    realm,
    parameters,
    payload: Buffer.from(payload),
    isJson: true,
    signal,
  } as unknown as ActionRequest;
  const outcome = await Promise.resolve(firehose(clients).run(request)).catch(failure => failure);
  return { calls, outcome };
}

test('records that a batch did not take are sent again, and no others', async () => {
  const { calls, outcome } = await run('[1,2,3]', [['1', '3'], ['3']]);
  expect(calls).toEqual([['1', '2', '3'], ['1', '3'], ['3']]);
  expect(outcome).toMatchObject({ response: '200' });
});

test('a batch of which nothing is taken waits for the next attempt', async () => {
  const { calls, outcome } = await run('[1,2]', [['2'], ['2']]);
  expect(calls).toEqual([['1', '2'], ['2']]);
  expect(outcome).toMatchObject({ isTransient: true, message: '1 of 2 were not accepted: InternalFailure' });
});

test('an array of more than 500 elements fails at once, an empty one asks nobody', async () => {
  const many = await run(JSON.stringify(Array.from({ length: 501 }, () => 0)), []);
  expect(many).toMatchObject({ calls: [], outcome: { isTransient: false } });
  expect(await run('[]', [])).toMatchObject({ calls: [], outcome: { response: 'nothing to send' } });
});
