import { describe, expect, test } from 'vitest';
import { sampleOf } from '../fixtures/samples.ts';
import { services } from '../protocol/dispatch.ts';
import type { ServiceName } from '../protocol/model.ts';
import { permissionsOf } from './authorize.ts';
import { resourcesOf } from './resources.ts';

const realm = { accountId: '123456789012', region: 'eu-west-1' };
const arn = (resource: string): string => `arn:aws:iot:eu-west-1:123456789012:${resource}`;

const resources = (name: string, input: Record<string, unknown>, service: ServiceName = 'iot'): string[] =>
  resourcesOf(realm, service, name, services[service].operations[name]!, input);

describe('the resources of an operation are those of the Service Authorization Reference', () => {
  test.each([
    ['CreateThing', { thingName: 'a' }, [arn('thing/a')]],
    ['CreatePolicy', { policyName: 'p' }, [arn('policy/p')]],
    ['DescribeCertificate', { certificateId: 'c' }, [arn('cert/c')]],
    ['DescribeCACertificate', { certificateId: 'c' }, [arn('cacert/c')]],
    ['CreateDynamicThingGroup', { thingGroupName: 'g' }, [arn('thinggroup/g')]],
    ['AddThingToThingGroup', { thingName: 'a', thingGroupName: 'g' }, [arn('thing/a'), arn('thinggroup/g')]],
    [
      'AddThingToThingGroup',
      { thingArn: arn('thing/a'), thingGroupArn: arn('thinggroup/g') },
      [arn('thing/a'), arn('thinggroup/g')],
    ],
    ['AttachPolicy', { policyName: 'p', target: arn('cert/c') }, [arn('cert/c')]],
    ['AttachThingPrincipal', { thingName: 'a', principal: arn('cert/c') }, [arn('cert/c')]],
    ['ListThings', {}, ['*']],
    ['ListAttachedPolicies', { target: arn('cert/c') }, ['*']],
    ['CreateKeysAndCertificate', {}, ['*']],
    ['SearchIndex', { queryString: '*' }, [arn('index/AWS_Things')]],
    [
      'CreateJob',
      { jobId: 'j', targets: [arn('thing/a'), arn('thinggroup/g')] },
      [arn('job/j'), arn('thing/a'), arn('thinggroup/g')],
    ],
    ['DescribeJobExecution', { jobId: 'j', thingName: 'a' }, [arn('thing/a'), arn('job/j')]],
    [
      'CreateFleetMetric',
      { metricName: 'm', indexName: 'AWS_Things' },
      [arn('fleetmetric/m'), arn('index/AWS_Things')],
    ],
    ['CreateCustomMetric', { metricName: 'm' }, [arn('custommetric/m')]],
    ['GetPackageVersion', { packageName: 'p', versionName: '1' }, [arn('package/p'), arn('package/p/version/1')]],
    ['TagResource', { resourceArn: arn('rule/r') }, [arn('rule/r')]],
  ])('%s %j', (name, input, expected) => {
    expect(resources(name, input)).toEqual(expected);
  });

  test('a device acts on its thing, its shadows and its topics', () => {
    expect(resources('GetThingShadow', { thingName: 'a' }, 'iotdata')).toEqual([arn('thing/a')]);
    expect(resources('GetThingShadow', { thingName: 'a', shadowName: 's' }, 'iotdata')).toEqual([arn('thing/a/s')]);
    expect(resources('Publish', { topic: 'a/b' }, 'iotdata')).toEqual([arn('topic/a/b')]);
    expect(resources('ListRetainedMessages', {}, 'iotdata')).toEqual(['*']);
    expect(resources('DeleteConnection', { clientId: 'c' }, 'iotdata')).toEqual([arn('client/c')]);
    expect(resources('DescribeJobExecution', { jobId: 'j', thingName: 'a' }, 'jobsdata')).toEqual([arn('thing/a')]);
  });
});

test('every operation has at least one resource, and none is empty', () => {
  for (const [service, model] of Object.entries(services)) {
    for (const [name, operation] of Object.entries(model.operations)) {
      for (const extent of ['required', 'all'] as const) {
        const found = resources(name, sampleOf(model, operation.input, extent), service as ServiceName);
        expect(found.length, name).toBeGreaterThan(0);
        for (const resource of found) expect(resource, name).toMatch(/^(\*|[^:].*)$/);
      }
    }
  }
});

test('a message to be retained needs a second permission', () => {
  const publish = (input: Record<string, unknown>) =>
    permissionsOf(realm, 'iotdata', 'Publish', services.iotdata.operations.Publish!, input).map(({ action }) => action);
  expect(publish({ topic: 'a' })).toEqual(['iot:Publish']);
  expect(publish({ topic: 'a', retain: false })).toEqual(['iot:Publish']);
  expect(publish({ topic: 'a', retain: true })).toEqual(['iot:Publish', 'iot:RetainPublish']);
});
