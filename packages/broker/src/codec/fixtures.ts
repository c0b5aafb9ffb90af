/** Every packet type, every property and every way to get one wrong, as rows of bytes: for decoder, encoder and session tests. */
import { acknowledgeFixtures } from './fixtures/acknowledge.ts';
import { connackFixtures } from './fixtures/connack.ts';
import { connectFixtures } from './fixtures/connect.ts';
import { disconnectFixtures } from './fixtures/disconnect.ts';
import type { Fixture } from './fixtures/fixture.ts';
import { frameFixtures } from './fixtures/frame.ts';
import { propertyFixtures } from './fixtures/property.ts';
import { publishFixtures } from './fixtures/publish.ts';
import { subscribeFixtures } from './fixtures/subscribe.ts';
import { textFixtures } from './fixtures/text.ts';

export { bytesOf, type Fixture } from './fixtures/fixture.ts';

export const fixtures: readonly Fixture[] = [
  ...frameFixtures,
  ...connectFixtures,
  ...connackFixtures,
  ...publishFixtures,
  ...acknowledgeFixtures,
  ...subscribeFixtures,
  ...disconnectFixtures,
  ...propertyFixtures,
  ...textFixtures,
];
