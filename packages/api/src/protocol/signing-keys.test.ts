import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SigningKeys } from './signing-keys.ts';

const hex = (keys: SigningKeys, secret: string, day = '20150830', region = 'us-east-1', signingName = 'iam'): string =>
  keys.find(secret, { day, region, signingName }).export().toString('hex');

test('the key is that of AWS’s example, the first time and the second', () => {
  const keys = new SigningKeys();
  const secret = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
  const expected = 'c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9';
  expect([hex(keys, secret), hex(keys, secret)]).toEqual([expected, expected]);
  expect(keys.size).toBe(1);
});

test('a key that is kept is the key that would be made', () => {
  const kept = new SigningKeys();
  const part = fc.constantFrom('a', 'b', '20150830', 'a/b', 'us-east-1');
  const scope = fc.tuple(
    part,
    fc.constantFrom('20150830', '20150831'),
    fc.constantFrom('a', 'b'),
    fc.constantFrom('a', 'b'),
  );
  fc.assert(
    fc.property(scope, parts => {
      expect(hex(kept, ...parts)).toBe(hex(new SigningKeys(), ...parts));
    }),
  );
});

test('whoever names ever new regions fills no memory, and drives out no key that is used', () => {
  const keys = new SigningKeys();
  const used = keys.find('secret', { day: '20150830', region: 'us-east-1', signingName: 'iot' });
  for (let n = 0; n < 5000; n++) {
    hex(keys, 'secret', '20150830', `region-${n}`);
    if (n % 100 === 0) keys.find('secret', { day: '20150830', region: 'us-east-1', signingName: 'iot' });
  }
  expect(keys.size).toBe(1000);
  expect(keys.find('secret', { day: '20150830', region: 'us-east-1', signingName: 'iot' })).toBe(used);
});
