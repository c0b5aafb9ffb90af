import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ActionRequest } from '@thingd/core';
import { expect, onTestFinished, test } from 'vitest';
import { salesforce } from './salesforce.ts';

/** The URLs of the product that the model allows lead nowhere any more, so the action is given one of our own. */
async function run(statuses: readonly number[]) {
  const calls: object[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', chunk => chunks.push(chunk));
    request.on('end', () => {
      const { method, url, headers } = request;
      const { authorization, 'content-type': contentType } = headers;
      calls.push({ method, url, authorization, contentType, body: Buffer.concat(chunks).toString() });
      response.writeHead(statuses[calls.length - 1] ?? 200).end();
    });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/streams/s/o/event`;
  const request = {
    parameters: { url, token: 't'.repeat(40) },
    payload: Buffer.from('{"a":1}'),
    isJson: true,
    signal: new AbortController().signal,
  } as unknown as ActionRequest;
  const outcome = await Promise.resolve(salesforce().run(request)).catch(failure => failure);
  return { calls, outcome };
}

test('an event is posted with the token of the stream', async () => {
  const { calls, outcome } = await run([200]);
  const authorization = `Bearer ${'t'.repeat(40)}`;
  const content = { contentType: 'application/json', body: '{"a":1}' };
  expect(calls).toEqual([{ method: 'POST', url: '/streams/s/o/event', authorization, ...content }]);
  expect(outcome).toMatchObject({ response: '200' });
});

test('a token that is refused is not tried again, a stream that is not well is', async () => {
  expect((await run([401])).outcome).toMatchObject({ isTransient: false });
  expect((await run([503])).outcome).toMatchObject({ isTransient: true });
});
