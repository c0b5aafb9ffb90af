import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MqttError } from './reason-code.ts';
import { RecentTopics } from './recent-topics.ts';
import { decodeTopicName } from './text.ts';

function outcome(decode: () => string): string | number {
  try {
    return decode();
  } catch (error) {
    if (error instanceof MqttError) return error.reasonCode;
    throw error;
  }
}

test('remembering topics changes no answer, for good bytes and bad', () => {
  const latin1 = fc.constantFrom('a', 'b', '/', 'é', 'Ã', '©', '\0', '+');
  const name = fc.oneof(
    fc.array(latin1, { maxLength: 4 }).map(parts => Buffer.from(parts.join(''), 'latin1')),
    fc.array(latin1, { maxLength: 4 }).map(parts => Buffer.from(parts.join(''), 'utf8')),
  );
  fc.assert(
    fc.property(fc.array(name, { maxLength: 40 }), names => {
      const recent = new RecentTopics();
      for (const bytes of names) {
        const padded = Buffer.concat([Buffer.from('xx'), bytes, Buffer.from('yy')]);
        const end = 2 + bytes.length;
        expect(outcome(() => recent.decode(padded, 2, end))).toBe(outcome(() => decodeTopicName(padded, 2, end)));
      }
    }),
    { numRuns: 1_000 },
  );
});
