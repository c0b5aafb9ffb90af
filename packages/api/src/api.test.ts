import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createApi } from './api.ts';
import { createRecorder } from './fixtures/recorder.ts';
import { sampleOf } from './fixtures/samples.ts';
import { services } from './protocol/dispatch.ts';
import type { HttpRequest } from './protocol/message.ts';
import type { OperationModel, ServiceModel } from './protocol/model.ts';
import { percentEncode } from './protocol/percent.ts';
import { structureOf, structureToJson } from './protocol/values.ts';

const failures: unknown[] = [];
const { handlers, received } = createRecorder(() => undefined);
const api = createApi({
  handlers,
  accessKeys: { find: async () => undefined },
  clock: { now: () => 0 },
  dev: { realm: { accountId: '000000000000', region: 'us-east-1' } },
  log: { called: () => {}, failed: error => failures.push(error), ambiguous: () => {} },
});

/** A sound request for an operation, in its parts. */
function soundRequest(model: ServiceModel, operation: OperationModel, extent: 'required' | 'all') {
  const shape = structureOf(model, operation.input);
  const input = sampleOf(model, operation.input, extent);
  const bound = (place: string): [string, string][] =>
    Object.entries(shape.members).flatMap(([name, member]) => {
      if (typeof member === 'string' || member.in !== place || input[name] === undefined) return [];
      const value = input[name];
      const text = member.json ? Buffer.from(JSON.stringify(value)).toString('base64') : String(value);
      return [[member.name, value instanceof Date ? value.toISOString() : text]];
    });
  const labels = new Map(bound('label'));
  return {
    method: operation.method,
    path: operation.path.replace(/\{(\w+)\+?\}/g, (_, name: string) => percentEncode(labels.get(name) ?? 'x')),
    query: bound('query'),
    headers: Object.fromEntries(bound('header')),
    body: structureToJson(model, shape, input) as Record<string, unknown>,
  };
}

const operations = Object.values(services).flatMap(model =>
  Object.values(model.operations).map(operation => ({ model, operation })),
);
const sound = fc
  .tuple(fc.constantFrom(...operations), fc.constantFrom('required', 'all'))
  .map(([{ model, operation }, extent]) => soundRequest(model, operation, extent));

const strangeText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('%', '%ff', '/', '//', '..', '$next', '\0'),
);
const strangeMembers = fc.dictionary(
  fc.constantFrom('tags', 'target', 'payload', '__proto__', 'constructor'),
  fc.jsonValue(),
);
const headerNames = ['authorization', 'host', 'x-amz-date', 'x-amz-target', 'x-amz-mqtt5-user-properties'];
const strangeHeaders = fc.dictionary(
  fc.constantFrom(...headerNames),
  fc.oneof(
    fc.string(),
    fc.string().map(text => `AWS4-HMAC-SHA256 Credential=a/20260101/r/iot/aws4_request, ${text}`),
  ),
);

/** Mostly `usual`. */
const rarely = <T, U>(strange: fc.Arbitrary<T>, usual: U): fc.Arbitrary<T | U> =>
  fc.oneof({ weight: 5, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: strange });

/** A sound request with some of its parts replaced, damaged or added to. */
const request: fc.Arbitrary<HttpRequest> = fc
  .record({
    sound,
    method: rarely(fc.constantFrom('HEAD', 'POST', 'BREW'), undefined),
    path: rarely(strangeText, undefined),
    query: rarely(fc.array(fc.tuple(fc.constantFrom('maxResults', 'nextToken', 'X-Amz-Signature'), strangeText)), []),
    headers: rarely(strangeHeaders, {}),
    members: rarely(strangeMembers, {}),
    body: rarely(fc.string({ unit: 'binary' }), undefined),
  })
  .map(parts => ({
    method: parts.method ?? parts.sound.method,
    path: parts.path === undefined ? parts.sound.path : `${parts.sound.path}${parts.path}`,
    query: [...parts.query, ...parts.sound.query].map(([name, value]) => `${name}=${percentEncode(value)}`).join('&'),
    headers: { ...parts.sound.headers, ...parts.headers },
    body: Buffer.from(parts.body ?? JSON.stringify({ ...parts.sound.body, ...parts.members })),
    secure: false,
  }));

test('whatever arrives is answered, and none of it is our failure', async () => {
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(request, async sent => {
      const answer = await api(sent, { sourceIp: '192.0.2.1' });
      expect(failures).toEqual([]);
      expect(answer.headers['x-amzn-requestid']).toMatch(/^[\da-f-]{36}$/);
      if (answer.status < 300) return;
      refused++;
      expect(answer.headers['x-amzn-errortype']).toMatch(/Exception$/);
      expect(JSON.parse(answer.body.toString())).toMatchObject({ message: expect.any(String) });
    }),
    { numRuns: 2000 },
  );
  expect({ refused: refused > 200, handled: received.length > 200 }).toEqual({ refused: true, handled: true });
});
