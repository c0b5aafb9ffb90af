import { expect, test } from 'vitest';
import { openDomain, realm } from '../../testing/domain.ts';
import { covers, type Destination } from './destination.ts';
import { Destinations } from './destination-service.ts';

const hook = { kind: 'http', confirmationUrl: 'https://hook.example/in' } as const;
const influxDb = {
  kind: 'influxdb',
  endpoint: 'https://influx.example:8086',
  influxDBVersion: 'V2',
  secretId: 'influx',
} as const;

async function openDestinations(answer: () => Promise<boolean> = async () => false) {
  const challenges: Destination[] = [];
  const destinations = new Destinations(await openDomain(), (_, destination) => {
    challenges.push(destination);
    return answer();
  });
  return { destinations, challenges };
}

test('a destination is enabled by the token that was sent to its URL, and by no other', async () => {
  const { destinations, challenges } = await openDestinations();
  const { arn, status } = await destinations.create(realm, hook);
  expect(arn).toMatch(/^arn:aws:iot:eu-west-1:123456789012:ruledestination\/http\/[-0-9a-f]{36}$/);
  expect(status).toBe('IN_PROGRESS');
  expect(await destinations.allows(realm, 'https://hook.example/in')).toBe(false);
  await expect(destinations.confirm('guessed')).rejects.toMatchObject({ name: 'InvalidRequestException' });
  await destinations.confirm(challenges[0]!.confirmationToken);
  expect(await destinations.allows(realm, 'https://hook.example/in/deeper')).toBe(true);
  await destinations.update(realm, arn, 'DISABLED');
  expect(await destinations.allows(realm, 'https://hook.example/in')).toBe(false);
});

test('a challenge that cannot be delivered is an error, and may be sent again with another token', async () => {
  const { destinations, challenges } = await openDestinations(() => Promise.reject(new Error('nobody there')));
  const { arn } = await destinations.create(realm, hook);
  await new Promise(resolve => setImmediate(resolve));
  expect(await destinations.get(realm, arn)).toMatchObject({
    status: 'ERROR',
    statusReason: expect.stringContaining('nobody there'),
  });
  await expect(destinations.update(realm, arn, 'ENABLED')).rejects.toMatchObject({ name: 'InvalidRequestException' });
  await destinations.update(realm, arn, 'IN_PROGRESS');
  expect(challenges).toHaveLength(2);
  expect(challenges[1]!.confirmationToken).not.toBe(challenges[0]!.confirmationToken);
});

test('an InfluxDB is enabled when it takes the token, and is no place for HTTP actions', async () => {
  let isThere = false;
  const { destinations } = await openDestinations(async () => {
    if (!isThere) throw new Error('nobody there');
    return true;
  });
  const { arn } = await destinations.create(realm, influxDb);
  expect(arn).toMatch(/:ruledestination\/influxdb\/[-0-9a-f]{36}$/);
  await new Promise(resolve => setImmediate(resolve));
  expect(await destinations.get(realm, arn)).toMatchObject({ status: 'ERROR', target: influxDb });
  isThere = true;
  await destinations.update(realm, arn, 'IN_PROGRESS');
  await new Promise(resolve => setImmediate(resolve));
  expect(await destinations.get(realm, arn)).toMatchObject({ status: 'ENABLED', statusReason: undefined });
  expect(await destinations.allows(realm, influxDb.endpoint)).toBe(false);
  expect((await destinations.create(realm, influxDb)).arn).not.toBe(arn);
});

test.each(['ftp://influx.example', 'https://u:p@influx.example', 'https://influx.example/?db=1'])(
  '%s is no endpoint of an InfluxDB',
  async endpoint => {
    const { destinations } = await openDestinations();
    const refused = destinations.create(realm, { ...influxDb, endpoint });
    await expect(refused).rejects.toMatchObject({ name: 'InvalidRequestException' });
  },
);

test.each([
  ['https://hook.example/in', 'https://hook.example/in/a?b=c', true],
  ['https://hook.example', 'https://hook.example/any', true],
  ['https://hook.example', 'https://hook.example.evil.net/', false],
  ['https://hook.example', 'https://hook.example@evil.net/', false],
  ['https://hook.example/in', 'https://hook.example/in/../out', false],
  ['https://hook.example/in', 'http://hook.example/in', false],
  ['https://hook.example/in', 'nonsense', false],
])('%s covers %s: %s', (confirmationUrl, url, expected) => {
  expect(covers(confirmationUrl, url)).toBe(expected);
});
