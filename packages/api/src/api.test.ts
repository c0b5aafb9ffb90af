import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createApi } from './api.ts';
import { services } from './protocol/dispatch.ts';
import type { HttpRequest } from './protocol/message.ts';
import { createRecorder } from './testing/recorder.ts';

const failures: unknown[] = [];
const { handlers, received } = createRecorder(() => undefined);
const api = createApi({
  handlers,
  accessKeys: { find: async () => undefined },
  clock: { now: () => 0 },
  dev: { realm: { accountId: '000000000000', region: 'us-east-1' } },
  log: { called: () => {}, failed: error => failures.push(error), ambiguous: () => {} },
});

const templates = Object.values(services).flatMap(({ operations }) => Object.values(operations));
const segment = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 6 }),
  fc.constantFrom('%', '%2F', '%ff', '..', '$next'),
);
const path = fc.oneof(
  segment.map(text => `/${text}`),
  fc
    .tuple(fc.constantFrom(...templates), fc.array(segment, { minLength: 4, maxLength: 4 }))
    .map(([template, labels]) => {
      let next = 0;
      return template.path.replace(/\{\w+\+?\}/g, () => labels[next++] ?? 'x');
    }),
);
const memberNames = [
  ...new Set(
    Object.values(services).flatMap(({ shapes }) =>
      Object.values(shapes).flatMap(shape => (shape.type === 'structure' ? Object.keys(shape.members) : [])),
    ),
  ),
];
const body = fc.oneof(
  fc.string(),
  fc.uint8Array().map(bytes => Buffer.from(bytes).toString('latin1')),
  fc
    .dictionary(fc.constantFrom(...memberNames, '__proto__', 'constructor'), fc.jsonValue())
    .map(value => JSON.stringify(value)),
);
const query = fc.oneof(
  fc.string(),
  fc
    .array(fc.tuple(fc.constantFrom(...memberNames, 'X-Amz-Signature', 'X-Amz-Algorithm'), fc.string()))
    .map(pairs => pairs.map(([name, value]) => `${name}=${value}`).join('&')),
);
const headerNames = [
  'authorization',
  'host',
  'x-amz-date',
  'x-amz-target',
  'x-amz-mqtt5-user-properties',
  'x-amzn-principal',
];
const request: fc.Arbitrary<HttpRequest> = fc.record({
  method: fc.constantFrom('GET', 'PUT', 'POST', 'PATCH', 'DELETE', 'HEAD', 'BREW'),
  path,
  query,
  headers: fc.dictionary(
    fc.constantFrom(...headerNames),
    fc.oneof(
      fc.string(),
      fc.string().map(text => `AWS4-HMAC-SHA256 ${text}`),
    ),
  ),
  body: body.map(text => Buffer.from(text)),
});

test('whatever arrives is answered, and none of it is our failure', async () => {
  await fc.assert(
    fc.asyncProperty(request, async sent => {
      const answer = await api(sent, { sourceIp: '192.0.2.1' });
      expect(failures).toEqual([]);
      expect(answer.headers['x-amzn-requestid']).toMatch(/^[\da-f-]{36}$/);
      if (answer.status >= 300) {
        expect(answer.headers['x-amzn-errortype']).toMatch(/Exception$/);
        expect(JSON.parse(answer.body.toString())).toMatchObject({ message: expect.any(String) });
      }
    }),
    { numRuns: 3000 },
  );
  // Some got as far as a handler, so that more was tried than refusals.
  expect(received.length).toBeGreaterThan(100);
});
