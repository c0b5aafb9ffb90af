import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { Definition } from './definition.ts';
import { request } from './sink.fixtures.ts';
import { webhook } from './webhook.ts';

let server: Server;
let url: string;
let answer: { status: number; headers: Record<string, string> };
const bodies: string[] = [];

beforeAll(async () => {
  server = createServer(async (incoming, outgoing) => {
    let body = '';
    for await (const chunk of incoming) body += chunk;
    bodies.push(body);
    outgoing.writeHead(answer.status, answer.headers).end();
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/services/s3cret`;
});
afterAll(() => new Promise(resolve => server.close(resolve)));
beforeEach(() => {
  answer = { status: 200, headers: {} };
  bodies.length = 0;
});

const address = { sinkName: 'room', rest: undefined, headers: [] };

function openWebhook(more: object = {}) {
  const clock = { time: Date.UTC(2026, 0, 31), now: () => clock.time };
  const sink = webhook(new Definition({ kind: 'webhook', url, ...more }, undefined), { clock, origin: 'here' });
  return { clock, sink };
}

test.each([
  ['120', 120_000],
  ['0.5', 500],
  ['Sat, 31 Jan 2026 00:05:00 GMT', 300_000],
  ['999999', 3600_000],
])('a server that answers 429 and Retry-After: %s is left alone that long', async (retryAfter, wait) => {
  const { clock, sink } = openWebhook();
  answer = { status: 429, headers: { 'retry-after': retryAfter } };
  await expect(sink.deliver(request({ n: 1 }), address)).rejects.toMatchObject({ isTransient: true });
  answer = { status: 200, headers: {} };
  clock.time += wait - 1;
  await expect(sink.deliver(request({ n: 1 }), address)).rejects.toMatchObject({
    isTransient: true,
    message: expect.stringContaining('Retry-After'),
  });
  expect(bodies).toHaveLength(1);
  clock.time += 1;
  await sink.deliver(request({ n: 1 }), address);
  expect(bodies).toHaveLength(2);
});

test('a failure says nothing of the URL', async () => {
  const { sink } = openWebhook();
  answer = { status: 404, headers: {} };
  const failure = await sink.deliver(request({ n: 1 }), address).catch(error => error);
  expect(failure).toMatchObject({ isTransient: false, message: 'the server answered 404' });
  expect(JSON.stringify([failure.message, failure.report])).not.toContain('s3cret');
});

test.each<[string, object, unknown, string]>([
  ['the header of the rule', { headers: [{ key: 'text', value: 'hello' }] }, { text: 'other' }, 'hello'],
  ['the member `text`', {}, { text: 'hello', n: 1 }, 'hello'],
  ['all of it where there is no such member', {}, { n: 1 }, '{"n":1}'],
])('the text is %s', async (_, given, payload, text) => {
  const { sink } = openWebhook({ format: 'discord' });
  await sink.deliver(request(payload), { ...address, ...given });
  expect(JSON.parse(bodies[0]!)).toMatchObject({ content: text });
});

test('an empty text, and what is no JSON, fail for good', async () => {
  const { sink } = openWebhook({ format: 'slack' });
  await expect(sink.deliver(request({ text: ' ' }), address)).rejects.toMatchObject({ isTransient: false });
  await expect(sink.deliver(request('bytes'), address)).rejects.toMatchObject({ isTransient: false });
  expect(bodies).toEqual([]);
});
