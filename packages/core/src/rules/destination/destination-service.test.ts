import { expect, test } from 'vitest';
import { openDomain, realm } from '../../testing/domain.ts';
import { covers, type Destination } from './destination.ts';
import { Destinations } from './destination-service.ts';

async function openDestinations(deliver: () => Promise<void> = async () => {}) {
  const challenges: Destination[] = [];
  const destinations = new Destinations(await openDomain(), async destination => {
    challenges.push(destination);
    await deliver();
  });
  return { destinations, challenges };
}

test('a destination is enabled by the token that was sent to its URL, and by no other', async () => {
  const { destinations, challenges } = await openDestinations();
  const { arn, status } = await destinations.create(realm, 'https://hook.example/in');
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
  const { arn } = await destinations.create(realm, 'https://hook.example/in');
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
