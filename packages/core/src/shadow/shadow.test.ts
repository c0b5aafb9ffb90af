import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isJsonObject, type JsonObject, type JsonValue, jsonEquals, parseJson } from './json.ts';
import { shadowLimits } from './limits.ts';
import { isRejection, parseDelete, parseGet, parseUpdate, type ShadowRejection } from './request.ts';
import { deltaOf, emptySection, mergeSection } from './section.ts';
import { applyUpdate, getDocument, newShadow, type Shadow, type UpdateOutcome } from './shadow.ts';
import { deepest, deltas, merges, refusals } from './vectors.fixtures.ts';

const time = 1_700_000_000;

/** Runs requests one after the other; the last outcome counts. */
function update(
  shadow: Shadow | undefined,
  request: string | Buffer,
  lastVersion = 0,
): UpdateOutcome | ShadowRejection {
  const parsed = parseUpdate(Buffer.from(request), shadowLimits.aws);
  return isRejection(parsed) ? parsed : applyUpdate(shadow, lastVersion, parsed, time, shadowLimits.aws);
}

function accepted(outcome: UpdateOutcome | ShadowRejection): UpdateOutcome {
  if (isRejection(outcome)) throw new Error(`rejected: ${outcome.message}`);
  return outcome;
}

const section = (state: JsonObject) => mergeSection(emptySection, state, time);

describe('merge', () => {
  const rows: typeof merges = [...merges, ['{}', '{"__proto__":{"x":1}}', '{"__proto__":{"x":1}}']];
  it.each(rows)('%s with %s is %s', (stored, patch, result) => {
    const first = accepted(update(undefined, `{"state":{"desired":${stored}}}`));
    const { shadow } = accepted(update(first.shadow, `{"state":{"desired":${patch}}}`));
    const { state } = shadow.desired;
    expect(Object.keys(state).length === 0 ? undefined : JSON.stringify(state)).toBe(result);
  });

  it('stamps only what the patch names', () => {
    const merged = mergeSection(mergeSection(emptySection, { a: 1, l: [1, [2, 3]] }, 1), { l: [1], o: { x: 1 } }, 2);
    expect(merged.metadata).toEqual({ a: { timestamp: 1 }, l: [{ timestamp: 2 }], o: { x: { timestamp: 2 } } });
  });
});

describe('delta', () => {
  const rows: typeof deltas = [
    ...deltas,
    ['{"n":12345678901234567890}', '{"n":12345678901234567891}', '{"n":12345678901234567890}'],
    ['{}', '{"a":1}', undefined],
  ];
  it.each(rows)('of desired %s and reported %s is %s', (desired, reported, delta) => {
    const found = deltaOf(section(parseJson(desired) as JsonObject), parseJson(reported ?? '{}') as JsonObject);
    expect(found && JSON.stringify(found.state)).toBe(delta);
  });

  it("carries desired's stamps in its own shape", () => {
    const desired = mergeSection(mergeSection(emptySection, { o: { x: 1, y: 2 } }, 1), { o: { y: 3 } }, 2);
    expect(deltaOf(desired, { o: { x: 1 } })?.metadata).toEqual({ o: { y: { timestamp: 2 } } });
  });
});

describe('an update', () => {
  it('of a new shadow makes version 1, and its documents have no previous one', () => {
    const outcome = accepted(update(undefined, '{"state":{"desired":{"a":1}},"clientToken":"x"}'));
    expect(JSON.parse(outcome.accepted)).toEqual({
      state: { desired: { a: 1 } },
      metadata: { desired: { a: { timestamp: time } } },
      version: 1,
      timestamp: time,
      clientToken: 'x',
    });
    expect(JSON.parse(outcome.delta ?? '')).toEqual({
      version: 1,
      timestamp: time,
      state: { a: 1 },
      metadata: { a: { timestamp: time } },
      clientToken: 'x',
    });
    expect(JSON.parse(outcome.documents)).toEqual({
      current: { state: { desired: { a: 1 } }, metadata: { desired: { a: { timestamp: time } } }, version: 1 },
      timestamp: time,
      clientToken: 'x',
    });
  });

  it('that changes nothing is an update all the same', () => {
    const first = accepted(update(undefined, '{"state":{"reported":{"a":1}}}'));
    expect(accepted(update(first.shadow, '{"state":{"reported":{"a":1}}}')).shadow.version).toBe(2);
  });

  it('with `state: null` clears both sections and keeps the shadow', () => {
    const first = accepted(update(undefined, '{"state":{"desired":{"a":1},"reported":{"a":2}}}'));
    const cleared = accepted(update(first.shadow, '{"state":null}'));
    expect(JSON.parse(cleared.accepted)).toEqual({
      state: null,
      metadata: { timestamp: time },
      version: 2,
      timestamp: time,
    });
    expect(JSON.parse(getDocument(cleared.shadow, time, undefined))).toEqual({
      state: {},
      metadata: {},
      version: 2,
      timestamp: time,
    });
  });

  it('with a section of null removes that section', () => {
    const first = accepted(update(undefined, '{"state":{"desired":{"a":1},"reported":{"a":2}}}'));
    const cleared = accepted(update(first.shadow, '{"state":{"desired":null}}'));
    expect(JSON.parse(cleared.accepted)).toMatchObject({ state: { desired: null }, metadata: {} });
    expect(JSON.parse(getDocument(cleared.shadow, time, undefined))).toMatchObject({ state: { reported: { a: 2 } } });
  });

  it('goes on from the version of a deleted predecessor', () => {
    expect(accepted(update(undefined, '{"state":{"reported":{"z":1}}}', 9)).shadow.version).toBe(10);
  });

  it.each(['1e400', '-1E+999', '12345678901234567890'])('keeps %s as it was written', number => {
    const outcome = accepted(update(undefined, `{"state":{"desired":{"n":${number}}}}`));
    expect(outcome.accepted).toContain(`"n":${number}`);
    expect(outcome.delta).toContain(`"n":${number}`);
  });

  it('keeps integers that a double cannot hold', () => {
    const outcome = accepted(update(undefined, '{"state":{"reported":{"serial":12345678901234567890}}}'));
    expect(getDocument(outcome.shadow, time, undefined)).toContain('"serial":12345678901234567890');
  });

  it.each(refusals)('%.60s is rejected with %i %s', (request, code, message) => {
    expect(update(undefined, request)).toMatchObject({ code, message });
  });

  it('may nest eight levels deep', () => {
    expect(isRejection(update(undefined, deepest))).toBe(false);
  });

  it('may hold 8192 bytes of sections, whatever is around them', () => {
    const request = (bytes: number) =>
      `{"state":{"desired":{"a":"${'x'.repeat(bytes - '{"a":""}'.length - '{}'.length)}"}},"clientToken":"t","version":0}`;
    expect(isRejection(update(undefined, request(8192)))).toBe(false);
    expect(update(undefined, request(8193))).toMatchObject({ code: 413, clientToken: 't' });
  });

  it('that would grow the stored document beyond its limit is rejected, and names its token', () => {
    const half = 'x'.repeat(5000);
    const first = accepted(update(undefined, `{"state":{"desired":{"a":"${half}"}}}`));
    expect(update(first.shadow, `{"state":{"reported":{"b":"${half}"}},"clientToken":"t"}`)).toEqual({
      code: 413,
      message: 'The payload exceeds the maximum size allowed',
      clientToken: 't',
    });
  });
});

describe('a get', () => {
  it('may be empty', () => expect(parseGet(Buffer.alloc(0), shadowLimits.aws)).toEqual({ clientToken: undefined }));
  it('may carry a token', () =>
    expect(parseGet(Buffer.from('{"clientToken":"t"}'), shadowLimits.aws)).toEqual({ clientToken: 't' }));
  it('that is no JSON is rejected', () =>
    expect(parseGet(Buffer.from('{'), shadowLimits.aws)).toMatchObject({ code: 400 }));
});

describe('a delete', () => {
  it('may carry a token', () =>
    expect(parseDelete(Buffer.from('{"clientToken":"t"}'), shadowLimits.aws)).toEqual({ clientToken: 't' }));
  it.each(['', '{', 'now', '{"clientToken":7}'])('is no worse for saying %j', payload =>
    expect(parseDelete(Buffer.from(payload), shadowLimits.aws)).toEqual({ clientToken: undefined }),
  );
});

describe('for any sequence of updates', () => {
  const leaf = fc.oneof(
    fc.integer({ min: -3, max: 3 }),
    fc.constantFrom('on', 'off'),
    fc.boolean(),
    fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 2 }),
  );
  const { patch } = fc.letrec<{ patch: JsonObject; value: JsonValue }>(tie => ({
    value: fc.oneof({ maxDepth: 3 }, leaf, fc.constant(null), tie('patch')),
    patch: fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value'), { maxKeys: 3 }),
  }));
  const sections = fc.record({
    desired: fc.option(patch, { nil: undefined }),
    reported: fc.option(patch, { nil: undefined }),
  });

  it('a device that applies each delta ends with everything that is desired', () => {
    fc.assert(
      fc.property(fc.array(sections, { minLength: 1, maxLength: 12 }), updates => {
        let shadow = newShadow();
        for (const state of updates) {
          const outcome = accepted(update(shadow, JSON.stringify({ state })));
          shadow = outcome.shadow;
          if (outcome.delta === undefined) continue;
          const { state: delta } = JSON.parse(outcome.delta) as { state: JsonObject };
          shadow = accepted(update(shadow, JSON.stringify({ state: { reported: delta } }))).shadow;
          expect(deltaOf(shadow.desired, shadow.reported.state)).toBeUndefined();
        }
      }),
    );
  });

  it('metadata has the shape of the state', () => {
    fc.assert(
      fc.property(fc.array(patch, { maxLength: 8 }), patches => {
        const merged = patches.reduce((old, next) => mergeSection(old, next, time), emptySection);
        expect(jsonEquals(shapeOf(merged.state), merged.metadata as JsonObject)).toBe(true);
      }),
    );
  });
});

function shapeOf(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (isJsonObject(value))
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shapeOf(inner as JsonValue)]));
  return { timestamp: time };
}
