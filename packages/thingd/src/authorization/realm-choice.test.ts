import type { Realm } from '@thingd/core';
import { expect, test } from 'vitest';
import { chooseRealm } from './realm-choice.ts';

const us: Realm = { accountId: '111111111111', region: 'us-east-1' };
const eu: Realm = { accountId: '111111111111', region: 'eu-west-1' };
const other: Realm = { accountId: '222222222222', region: 'eu-west-1' };
const elsewhere: Realm = { accountId: '333333333333', region: 'ap-south-1' };

test.each<[string, readonly Realm[], string | undefined, Realm | undefined]>([
  ['the only one, whatever the name', [eu], 'localhost', eu],
  ['the only one, without a name', [eu], undefined, eu],
  ['none of none', [], 'localhost', undefined],
  ['the default one, without a name', [eu, us], undefined, us],
  ['the one whose region the name has', [eu, us], 'iot.eu-west-1.example.com', eu],
  ['the one whose account and region the name has', [eu, other], '222222222222.iot.eu-west-1.example.com', other],
  ['nobody, where several have the region named', [eu, other], 'iot.eu-west-1.example.com', undefined],
  ['nobody, where neither name nor default tells', [eu, other], 'localhost', undefined],
  ['names in any case', [eu, us], 'IOT.EU-WEST-1.EXAMPLE.COM', eu],
  ['the default one, where the name speaks of none', [us, elsewhere], 'iot.eu-north-1.example.com', us],
])('chooses %s', (_, candidates, serverName, chosen) => {
  expect(chooseRealm(candidates, serverName, us)).toEqual(chosen);
});
