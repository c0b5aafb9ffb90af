import { expect, test } from 'vitest';
import { iotArn, parseIotArn } from './realm.ts';

test('an ARN is taken apart into what it was made of, in every partition', () => {
  for (const region of ['eu-west-1', 'cn-north-1', 'us-gov-west-1']) {
    const realm = { accountId: '123456789012', region };
    expect(parseIotArn(iotArn(realm, 'thing/a:b/c'))).toEqual({ realm, type: 'thing', name: 'a:b/c' });
  }
});

test.each([
  'thing/lamp',
  'arn:aws:s3:eu-west-1:123456789012:thing/lamp',
  'arn:aws:iot:eu-west-1:123456789012:thing',
  'arn:aws:iot:eu-west-1:123456789012:thing/',
  'arn:aws:iot:eu-west-1:123456789012:/lamp',
  'arn:aws:iot:eu-west-1::thing/lamp',
  'arn:aws-cn:iot:eu-west-1:123456789012:thing/lamp',
  '',
])('`%s` is no ARN of IoT', text => {
  expect(parseIotArn(text)).toBeUndefined();
});
