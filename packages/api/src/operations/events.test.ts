import { DescribeEventConfigurationsCommand, IoTClient, UpdateEventConfigurationsCommand } from '@aws-sdk/client-iot';
import { EventConfigurations } from '@thingd/core';
import { openDomain, type TestDomain } from '@thingd/core/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startTestServer, type TestServer, testAccessKeys, testKey } from '../fixtures/server.ts';
import { eventOperations } from './events.ts';
import { storedOnly } from './stored-only.ts';

let domain: TestDomain;
let server: TestServer;
let client: IoTClient;

beforeEach(async () => {
  domain = await openDomain();
  const iot = eventOperations({ eventConfigurations: new EventConfigurations(domain) });
  server = await startTestServer({ iot }, { accessKeys: testAccessKeys(), storedOnly });
  client = new IoTClient({ endpoint: server.url, region: 'us-east-1', credentials: testKey, maxAttempts: 1 });
});

afterEach(() => server.close());

const describeAll = () => client.send(new DescribeEventConfigurationsCommand({}));

test('every kind of event is off at first', async () => {
  const { eventConfigurations, creationDate } = await describeAll();
  expect(Object.keys(eventConfigurations!)).toHaveLength(11);
  expect(new Set(Object.values(eventConfigurations!).map(({ Enabled }) => Enabled))).toEqual(new Set([false]));
  expect(creationDate).toBeUndefined();
});

test('kinds are switched on and off one by one', async () => {
  const created = new Date(domain.clock.now());
  const first = { THING: { Enabled: true }, THING_GROUP: { Enabled: true } };
  await client.send(new UpdateEventConfigurationsCommand({ eventConfigurations: first }));
  domain.clock.advance(60_000);
  const second = { THING: {}, JOB: { Enabled: true } };
  await client.send(new UpdateEventConfigurationsCommand({ eventConfigurations: second }));
  expect(await describeAll()).toMatchObject({
    eventConfigurations: {
      THING: { Enabled: false },
      THING_GROUP: { Enabled: true },
      JOB: { Enabled: true },
      POLICY: { Enabled: false },
    },
    creationDate: created,
    lastModifiedDate: new Date(created.getTime() + 60_000),
  });
});

test('a kind of which nothing is published yet is kept with a warning', async () => {
  const warningOf = async (eventConfigurations: object): Promise<string | undefined> => {
    let warning: string | undefined;
    const command = new UpdateEventConfigurationsCommand({ eventConfigurations });
    command.middlewareStack.add(
      next => async args => {
        const result = await next(args);
        warning = (result.response as { headers: Record<string, string> }).headers['x-thingd-warning'];
        return result;
      },
      { step: 'deserialize', priority: 'low' },
    );
    await client.send(command);
    return warning;
  };
  expect(await warningOf({ THING: { Enabled: true } })).toBeUndefined();
  expect(await warningOf({ THING: { Enabled: true }, POLICY: { Enabled: false } })).toBeUndefined();
  expect(await warningOf({ THING: { Enabled: true }, POLICY: { Enabled: true } })).toBe(
    'stored but not acted on: eventConfigurations.POLICY',
  );
});

test('an unknown kind is refused', async () => {
  const eventConfigurations = { WEATHER: { Enabled: true } } as object;
  await expect(client.send(new UpdateEventConfigurationsCommand({ eventConfigurations }))).rejects.toMatchObject({
    name: 'InvalidRequestException',
  });
});
