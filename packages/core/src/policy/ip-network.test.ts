import { expect, test } from 'vitest';
import { parseIpNetwork } from './ip-network.ts';

test.each([
  ['192.0.2.0/24', '192.0.2.255', true],
  ['192.0.2.0/24', '198.51.100.1', false],
  ['192.0.2.7/24', '192.0.2.1', true],
  ['192.0.2.1', '192.0.2.1', true],
  ['192.0.2.1', '192.0.2.2', false],
  ['0.0.0.0/0', '203.0.113.9', true],
  ['192.0.2.0/24', '::ffff:192.0.2.1', true],
  ['0.0.0.0/0', '2001:db8::1', false],
  ['2001:db8::/32', '2001:db8:ffff::1', true],
  ['2001:db8::/32', '2001:db9::1', false],
  ['::/0', '2001:db8::1', true],
  ['192.0.2.0/24', 'nowhere', false],
])('%s contains %s: %s', (network, address, expected) => {
  expect(parseIpNetwork(network)!.contains(address)).toBe(expected);
});

test.each([
  '',
  'nowhere',
  '192.0.2.0/33',
  '192.0.2.0/',
  '192.0.2.0/-1',
  '192.0.2.0/1/2',
  '192.0.2/24',
  '::/129',
  '::/1e1',
])('%j is no range of addresses', text => {
  expect(parseIpNetwork(text)).toBeUndefined();
});
