import { expect, test } from 'vitest';
import { connackReturnCode, ReasonCode, reasonCodeName, reasonCodeOfReturnCode } from './reason-code.ts';
import { reasonCodesOf } from './reason-code-table.ts';

test('every 3.1.1 return code stands for a reason code that stands for it', () => {
  for (let returnCode = 0; returnCode <= 5; returnCode++) {
    expect(connackReturnCode(reasonCodeOfReturnCode(returnCode)!)).toBe(returnCode);
  }
  expect(reasonCodeOfReturnCode(6)).toBeUndefined();
});

test('no refusal becomes a 3.1.1 success', () => {
  for (const code of reasonCodesOf('connack')) {
    const returnCode = connackReturnCode(code);
    expect(returnCode === 0).toBe(code === 0);
    expect(returnCode).toBeLessThanOrEqual(5);
  }
});

test('a busy server asks 3.1.1 clients to come back, a banned client is not authorized', () => {
  expect(connackReturnCode(ReasonCode.serverBusy)).toBe(3);
  expect(connackReturnCode(ReasonCode.banned)).toBe(5);
});

test('a reason code has a name for logs', () => {
  expect(reasonCodeName(0)).toBe('success');
  expect(reasonCodeName(0x87)).toBe('notAuthorized');
  expect(reasonCodeName(0xff)).toBe('0xff');
});

test('every reason code a packet may carry has a name', () => {
  for (const carrier of ['connack', 'puback', 'pubrel', 'suback', 'unsuback', 'disconnect', 'auth'] as const) {
    for (const code of reasonCodesOf(carrier)) expect(reasonCodeName(code)).not.toMatch(/^0x/);
  }
});
