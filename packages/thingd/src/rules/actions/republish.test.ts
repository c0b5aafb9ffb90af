import type { OutsideMessage, RealmHandle } from '@thingd/broker';
import type { ActionRequest } from '@thingd/core';
import { expect, test } from 'vitest';
import { maximumHops } from '../hops.ts';
import { republish } from './republish.ts';

const realm = { accountId: '123456789012', region: 'eu-west-1' };

function openRepublish() {
  const published: OutsideMessage[] = [];
  const handle = { publish: async (message: OutsideMessage) => void published.push(message) };
  return { published, action: republish(() => handle as unknown as RealmHandle) };
}

const request = (parameters: object, more: Partial<ActionRequest> = {}): ActionRequest => ({
  realm,
  ruleName: 'r',
  invocationId: '1',
  parameters: { roleArn: 'role', ...parameters },
  payload: Buffer.from('{}'),
  isJson: true,
  message: { topic: 'in', payload: Buffer.from('{}') },
  hops: 1,
  isErrorAction: false,
  attempt: 1,
  signal: new AbortController().signal,
  ...more,
});

test('a message is published at the QoS asked for, never retained, with the headers given', async () => {
  const { action, published } = openRepublish();
  const headers = {
    payloadFormatIndicator: 'UTF8_DATA',
    contentType: 'application/json',
    responseTopic: 'answers',
    correlationData: 'AQID',
    messageExpiry: '60',
    userProperties: [
      { key: 'a', value: '1' },
      { key: 'a', value: '2' },
    ],
  };
  await action.run(request({ topic: '$$aws/things/t/shadow/update', qos: 1, headers }));
  expect(published).toMatchObject([
    {
      topic: '$aws/things/t/shadow/update',
      qos: 1,
      retain: false,
      properties: {
        payloadFormatIndicator: 1,
        contentType: 'application/json',
        responseTopic: 'answers',
        correlationData: Buffer.from([1, 2, 3]),
        messageExpiryInterval: 60,
        userProperties: [
          ['a', '1'],
          ['a', '2'],
        ],
      },
      publisher: { principal: 'arn:aws:iot:eu-west-1:123456789012:rule/r', hops: 1 },
    },
  ]);
});

test.each([
  [{ topic: '$aws/things/t/shadow/update' }, 'write `$$`'],
  [{ topic: '$$aws/things/t/jobs/get' }, 'not for rules'],
  [{ topic: 'a/#' }, 'no topic to publish to'],
  [{ topic: 'a', headers: { messageExpiry: 'soon' } }, 'expects seconds'],
  [{ topic: 'a', headers: { payloadFormatIndicator: 'JSON' } }, 'payloadFormatIndicator'],
  [{ topic: 'a', headers: { responseTopic: 'a/+' } }, 'wildcard'],
])('%o is refused when the rule is made', (parameters, reason) => {
  expect(() => openRepublish().action.check(parameters, false)).toThrow(reason);
});

test('what a template makes is checked when it is made', async () => {
  const { action, published } = openRepublish();
  expect(() => action.check({ topic: 'a/${x}', headers: { messageExpiry: '${y}' } }, false)).not.toThrow();
  await expect(action.run(request({ topic: 'a/#' }))).rejects.toMatchObject({
    name: 'ActionFailure',
    isTransient: false,
  });
  expect(published).toEqual([]);
});

test('a message that has been through as many rules as it may goes no further', async () => {
  const { action, published } = openRepublish();
  await action.run(request({ topic: 'a' }, { hops: maximumHops }));
  await expect(action.run(request({ topic: 'a' }, { hops: maximumHops + 1 }))).rejects.toThrow('feed itself');
  expect(published).toHaveLength(1);
});

test('an error action tells of that all the same, and once', async () => {
  const { action, published } = openRepublish();
  const told = { isErrorAction: true, hops: maximumHops + 1 };
  await action.run(request({ topic: 'a' }, told));
  await expect(action.run(request({ topic: 'a' }, { ...told, hops: told.hops + 1 }))).rejects.toThrow('feed itself');
  expect(published).toHaveLength(1);
});
