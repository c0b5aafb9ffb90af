import type { Clock } from '@thingd/core';
import { expect, test } from 'vitest';
import { AwsClients } from './aws-clients.ts';
import { awsActions } from './index.ts';

const clock: Clock = { now: () => 0 };
const actions = awsActions(new AwsClients({}, clock), clock);

const place = { trackerName: 't', deviceId: 'd', latitude: '1', longitude: '${lon}' };
const entry = (more: object, value: object = { doubleValue: '1' }) => ({
  putAssetPropertyValueEntries: [{ ...more, propertyValues: [{ value, timestamp: { timeInSeconds: '1' } }] }],
});

test.for([
  ['location', { ...place, latitude: 'north' }, '`latitude` expects a number, not `north`'],
  ['location', { ...place, timestamp: { value: '1', unit: 'DAYS' } }, '`timestamp.unit` expects SECONDS, '],
  ['iotEvents', { inputName: 'i', messageId: 'm', batchMode: true }, 'with `batchMode` there can be no `messageId`'],
  ['iotAnalytics', {}, 'there is no `channelName`'],
  ['iotSiteWise', entry({ assetId: 'a' }), 'a property is named by `propertyAlias`, or by `assetId` and `propertyId`'],
  ['iotSiteWise', entry({ propertyAlias: '/a' }, {}), 'a value has exactly one kind'],
  [
    'iotSiteWise',
    entry({ propertyAlias: '/a' }, { stringValue: 'a', doubleValue: '1' }),
    'a value has exactly one kind',
  ],
] as const)('a rule with an action `%s` that nobody could carry out is refused', ([kind, parameters, reason]) => {
  expect(() => actions[kind]!.check(parameters, false)).toThrow(reason);
});

test.for([
  ['location', place],
  ['iotEvents', { inputName: 'i', batchMode: true }],
  ['iotAnalytics', { channelArn: 'arn:aws:iotanalytics:us-east-1:123456789012:channel/c' }],
  ['iotSiteWise', entry({ assetId: 'a', propertyId: 'p' })],
] as const)('one with an action `%s` that can be carried out is not', ([kind, parameters]) => {
  expect(() => actions[kind]!.check(parameters, false)).not.toThrow();
});
