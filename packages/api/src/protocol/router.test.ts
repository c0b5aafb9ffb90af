import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dispatch, services } from './dispatch.ts';
import { percentEncode } from './percent.ts';
import { Router } from './router.ts';

const iot = new Router(services.iot);
const iotdata = new Router(services.iotdata);
const jobsdata = new Router(services.jobsdata);

describe('a path leads to its operation', () => {
  test.each([
    ['POST', '/things/lamp', 'CreateThing', ['lamp']],
    ['GET', '/things', 'ListThings', []],
    ['GET', '/things/', 'ListThings', []],
    ['GET', '/authorizers', 'ListAuthorizers', []],
    ['GET', '/authorizers/', 'ListAuthorizers', []],
    ['GET', '/certificate-providers', 'ListCertificateProviders', []],
    ['GET', '/certificate-providers/', 'ListCertificateProviders', []],
    ['PUT', '/thing-groups/addThingToThingGroup', 'AddThingToThingGroup', []],
    ['POST', '/thing-groups/addThingToThingGroup', 'CreateThingGroup', ['addThingToThingGroup']],
    ['GET', '/thing-groups/addThingToThingGroup', 'DescribeThingGroup', ['addThingToThingGroup']],
    ['DELETE', '/things/a/jobs/j/executionNumber/3', 'DeleteJobExecution', ['a', 'j', '3']],
    [
      'GET',
      '/destinations/arn:aws:iot:r:1:ruledestination/http/u',
      'GetTopicRuleDestination',
      ['arn:aws:iot:r:1:ruledestination/http/u'],
    ],
    ['GET', '/destinations/arn%3Aaws%2Fhttp', 'GetTopicRuleDestination', ['arn%3Aaws%2Fhttp']],
    ['GET', '/destinations', 'ListTopicRuleDestinations', []],
    ['GET', '/confirmdestination/a/b/c', 'ConfirmTopicRuleDestination', ['a/b/c']],
    [
      'POST',
      '/attached-policies/arn%3Aaws%3Aiot%3Ar%3A1%3Acert%2Fabc',
      'ListAttachedPolicies',
      ['arn%3Aaws%3Aiot%3Ar%3A1%3Acert%2Fabc'],
    ],
    ['PATCH', '/transfer-certificate/c', 'TransferCertificate', ['c']],
  ])('%s %s is %s', (method, path, operationName, labels) => {
    expect(iot.match(method, path)).toEqual({ operationName, labels });
  });

  test.each([
    ['GET', '/nothing'],
    ['HEAD', '/things'],
    ['GET', '/things//jobs'],
    ['GET', '/things/a/b/c/d'],
    ['GET', 'things'],
    ['GET', '//things'],
  ])('%s %s is no operation', (method, path) => {
    expect(iot.match(method, path)?.operationName).not.toBeDefined();
  });

  test('$next is an operation of its own, encoded or not, where the method has one', () => {
    expect(jobsdata.match('PUT', '/things/a/jobs/$next')?.operationName).toBe('StartNextPendingJobExecution');
    expect(jobsdata.match('PUT', '/things/a/jobs/%24next')?.operationName).toBe('StartNextPendingJobExecution');
    expect(jobsdata.match('GET', '/things/a/jobs/$next')).toEqual({
      operationName: 'DescribeJobExecution',
      labels: ['a', '$next'],
    });
  });
});

describe('a topic may be sent encoded or with raw slashes', () => {
  test.each([
    ['/topics/a%2Fb', 'a%2Fb'],
    ['/topics/a/b', 'a/b'],
    ['/topics//a', '/a'],
    ['/topics/a/', 'a/'],
    ['/topics/a//b', 'a//b'],
    ['/topics/$aws/rules/r', '$aws/rules/r'],
  ])('%s', (path, label) => {
    expect(iotdata.match('POST', path)).toEqual({ operationName: 'Publish', labels: [label] });
    expect(iotdata.match('GET', path.replace('topics', 'retainedMessage'))?.labels).toEqual([label]);
  });

  test('without a topic there is no Publish', () => {
    expect(iotdata.match('POST', '/topics')).toBeUndefined();
    expect(iotdata.match('POST', '/topics/')).toBeUndefined();
    expect(iotdata.match('GET', '/retainedMessage/')?.operationName).toBe('ListRetainedMessages');
  });
});

test('every template with any encoded labels leads back to its operation', () => {
  const segment = fc
    .string({ unit: 'grapheme', minLength: 1 })
    .map(percentEncode)
    .filter(text => !/^\.+$/.test(text));
  const templates = (['iot', 'iotdata', 'jobsdata'] as const).flatMap(service =>
    Object.entries(services[service].operations).map(([name, operation]) => ({ service, name, ...operation })),
  );
  const routers = { iot, iotdata, jobsdata };
  fc.assert(
    fc.property(
      fc.constantFrom(...templates),
      fc.array(segment, { minLength: 4, maxLength: 4 }),
      (template, values) => {
        const labels: string[] = [];
        const path = template.path.replace(/\{\w+\+?\}/g, () => {
          labels.push(values[labels.length]!);
          return labels.at(-1)!;
        });
        const route = routers[template.service].match(template.method, path);
        const literal = Object.entries(services[template.service].operations).find(
          ([, other]) =>
            other.method === template.method && other.path === decodeURIComponent(path) && !other.path.includes('{'),
        );
        expect(route).toEqual(
          literal && literal[0] !== template.name
            ? { operationName: literal[0], labels: [] }
            : { operationName: template.name, labels },
        );
      },
    ),
  );
});

describe('one port serves all planes', () => {
  const describeJobExecution = { method: 'GET', path: '/things/a/jobs/b' };

  test('the credential scope decides', () => {
    expect(dispatch({ ...describeJobExecution, signingName: 'iot' }).service).toBe('iot');
    expect(dispatch({ ...describeJobExecution, signingName: 'iot-jobs-data' }).service).toBe('jobsdata');
    expect(dispatch({ method: 'POST', path: '/topics/a', signingName: 'iotdevicegateway' })).toMatchObject({
      service: 'iotdata',
      route: { operationName: 'Publish' },
    });
    expect(dispatch({ method: 'POST', path: '/command-executions', signingName: 'iot' }).route?.operationName).toBe(
      'ListCommandExecutions',
    );
    expect(
      dispatch({ method: 'POST', path: '/command-executions', signingName: 'iot-jobs-data' }).route?.operationName,
    ).toBe('StartCommandExecution');
  });

  test('a scope whose service has no such operation is not second-guessed', () => {
    expect(dispatch({ method: 'POST', path: '/topics/a', signingName: 'iot' })).toEqual({ service: 'iot' });
  });

  test.each([
    ['iot.eu-west-1.amazonaws.com', 'iot'],
    ['data.jobs.iot.eu-west-1.amazonaws.com', 'jobsdata'],
    ['a1b2-ats.iot.eu-west-1.amazonaws.com:443', 'iotdata'],
    ['a1b2.jobs.iot.eu-west-1.amazonaws.com', 'jobsdata'],
  ])('without a scope the host does: %s', (host, service) => {
    expect(dispatch({ ...describeJobExecution, host }).service).toBe(service);
  });

  test.each(['iot.example.com', 'mqtt.iot.example.com', 'iot', 'localhost:4566', ''])(
    'an installation may have any name: %s',
    host => {
      expect(dispatch({ method: 'POST', path: '/topics/a', host, isDevice: true }).route?.operationName).toBe(
        'Publish',
      );
      expect(dispatch({ method: 'GET', path: '/things', host }).route?.operationName).toBe('ListThings');
    },
  );

  test('a device reaches its own planes', () => {
    expect(dispatch({ ...describeJobExecution, host: 'localhost:8443', isDevice: true }).service).toBe('jobsdata');
    expect(dispatch({ method: 'GET', path: '/things/a/shadow', isDevice: true }).service).toBe('iotdata');
    expect(dispatch({ method: 'GET', path: '/things', isDevice: true }).route).toBeUndefined();
  });

  test('a path that one service knows needs no hint, and one that two know is the control plane, said aloud', () => {
    expect(dispatch({ method: 'GET', path: '/things/a/shadow', host: 'localhost' })).toMatchObject({
      service: 'iotdata',
    });
    expect(dispatch({ method: 'PUT', path: '/things/a/jobs/$next' })).toMatchObject({ service: 'jobsdata' });
    expect(dispatch(describeJobExecution)).toMatchObject({ service: 'iot', ambiguous: true });
  });
});
