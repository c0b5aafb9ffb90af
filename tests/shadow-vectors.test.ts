/** One table of what shadows do, run over MQTT and over HTTPS: the two faces cannot disagree. */
import type { MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deepest, deltas, merges, refusals } from '../packages/core/src/shadow/vectors.fixtures.ts';
import { createDevice, type Device } from './harness/device.ts';
import {
  connectMutual,
  HttpsFace,
  httpsRequest,
  MqttFace,
  type ShadowFace,
  ShadowObserver,
} from './harness/shadow-faces.ts';
import { startThingd, type Thingd } from './harness/thingd.ts';

let thingd: Thingd;
let device: Device;
let client: MqttClient;
let observer: ShadowObserver;

beforeAll(async () => {
  // Rows are many and quick; limits have tests of their own.
  thingd = await startThingd({
    args: ['--limit', 'maxShadowRequestsPerSecond=0', '--limit', 'maxPublishesPerSecond=0'],
  });
  device = await createDevice(thingd, 'd1');
  client = await connectMutual(thingd, device, 'asker');
  observer = await ShadowObserver.connect(thingd, device);
});

afterAll(async () => {
  await Promise.all([client, observer.client].map(each => each.endAsync(true)));
});

let things = 0;
/** A thing nobody has used; the registry need not know it. */
const fresh = (): { readonly thing: string } => ({ thing: `fresh-${++things}` });

const stamp = expect.objectContaining({ timestamp: expect.any(Number) });
const faces: readonly (readonly [string, () => ShadowFace])[] = [
  ['MQTT', () => new MqttFace(client)],
  ['HTTPS', () => new HttpsFace(thingd, device)],
];

describe.each(faces)('over %s', (faceName, faceOf) => {
  let face: ShadowFace;
  beforeAll(() => {
    face = faceOf();
  });
  const section = (name: 'desired' | 'reported', json: string): string => `{"state":{"${name}":${json}}}`;

  test('a shadow lives: created, changed, in conflict, cleared, deleted, and on', async () => {
    const d1 = { thing: `d1-${faceName}` };
    const said = async () => (await observer.take(d1)).map(({ suffix, payload }) => [suffix, payload] as const);
    const suffixes = async () => (await said()).map(([suffix]) => suffix);

    expect(await face.get(d1)).toEqual({ code: 404, body: `No shadow exists with name: '${d1.thing}'` });
    expect(await suffixes()).toEqual(faceName === 'MQTT' ? ['get/rejected'] : []);

    const created = await face.update(d1, '{"state":{"desired":{"a":1}},"clientToken":"x"}');
    expect(created).toEqual({
      code: 200,
      body: {
        state: { desired: { a: 1 } },
        metadata: { desired: { a: { timestamp: expect.any(Number) } } },
        version: 1,
        timestamp: expect.any(Number),
        clientToken: 'x',
      },
    });
    const { timestamp } = created.body;
    expect(Math.abs(timestamp - Date.now() / 1000)).toBeLessThan(60);
    const metadata = { a: { timestamp } };
    expect(Object.fromEntries(await said())).toEqual({
      'update/accepted': created.body,
      'update/documents': {
        current: { state: { desired: { a: 1 } }, metadata: { desired: metadata }, version: 1 },
        timestamp,
        clientToken: 'x',
      },
      'update/delta': { version: 1, timestamp, state: { a: 1 }, metadata, clientToken: 'x' },
    });

    const reported = await face.update(d1, '{"state":{"reported":{"a":1,"b":[1,2]}}}');
    expect(reported.body).toMatchObject({ version: 2, metadata: { reported: { a: stamp, b: [stamp, stamp] } } });
    expect(reported.body).not.toHaveProperty('clientToken');
    const [, documents] = (await said()).find(([suffix]) => suffix === 'update/documents')!;
    expect(documents).toMatchObject({
      previous: { state: { desired: { a: 1 } }, version: 1 },
      current: { state: { desired: { a: 1 }, reported: { a: 1, b: [1, 2] } }, version: 2 },
    });
    expect(await face.update(d1, '{"state":{"desired":{"b":[1,2,3]}},"version":2}')).toMatchObject({
      body: { version: 3 },
    });
    expect((await said()).find(([suffix]) => suffix === 'update/delta')?.[1]).toMatchObject({
      version: 3,
      state: { b: [1, 2, 3] },
      metadata: { b: [stamp, stamp, stamp] },
    });

    expect(await face.update(d1, '{"state":{"desired":{"b":[]}},"version":2,"clientToken":"late"}')).toEqual({
      code: 409,
      body: 'Version conflict',
    });
    const refused = [['update/rejected', expect.objectContaining({ code: 409, clientToken: 'late' })]];
    expect(await said()).toEqual(faceName === 'MQTT' ? refused : []);

    expect(await face.update(d1, '{"state":{"desired":{"a":null,"b":null}}}')).toMatchObject({ body: { version: 4 } });
    expect((await suffixes()).sort()).toEqual(['update/accepted', 'update/documents']);
    const document = await face.get(d1);
    expect(document.body).toEqual({
      state: { reported: { a: 1, b: [1, 2] } },
      metadata: { reported: { a: stamp, b: [stamp, stamp] } },
      version: 4,
      timestamp: expect.any(Number),
    });

    const cleared = await face.update(d1, '{"state":null}');
    expect(cleared.body).toEqual({
      state: null,
      metadata: { timestamp: cleared.body.timestamp },
      version: 5,
      timestamp: cleared.body.timestamp,
    });
    expect((await face.get(d1)).body).toMatchObject({ state: {}, metadata: {}, version: 5 });

    await observer.take(d1);
    expect(await face.delete(d1)).toEqual({ code: 200, body: { version: 5, timestamp: expect.any(Number) } });
    expect(await suffixes()).toEqual(['delete/accepted']);
    expect(await face.get(d1)).toMatchObject({ code: 404 });
    expect(await face.delete(d1)).toMatchObject({ code: 404 });
    expect(await face.update(d1, '{"state":{"reported":{"z":1}}}')).toMatchObject({ body: { version: 6 } });
  });

  test.each(merges)('%s, patched with %s, is %s', async (stored, patch, result) => {
    for (const name of ['desired', 'reported'] as const) {
      const shadow = fresh();
      await face.update(shadow, section(name, stored));
      expect(await face.update(shadow, section(name, patch))).toMatchObject({
        code: 200,
        body: { version: 2, state: { [name]: JSON.parse(patch) } },
      });
      const { state, metadata } = (await face.get(shadow)).body;
      expect(state[name]).toEqual(result && JSON.parse(result));
      expect(metadata[name] && shapeOf(metadata[name])).toEqual(result && shapeOf(JSON.parse(result)));
    }
  });

  test.each(deltas)('desired %s, reported %s: the delta is %s', async (desired, reported, delta) => {
    const shadow = fresh();
    const both = reported === undefined ? '' : `,"reported":${reported}`;
    await face.update(shadow, `{"state":{"desired":${desired}${both}}}`);
    expect((await face.get(shadow)).body.state.delta).toEqual(delta && JSON.parse(delta));
    const said = (await observer.take(shadow)).filter(({ suffix }) => suffix === 'update/delta');
    expect(said.map(({ payload }) => payload.state)).toEqual(delta === undefined ? [] : [JSON.parse(delta)]);
    expect(said.every(({ qos, retain }) => qos === 1 && !retain)).toBe(true);
  });

  const titled = refusals.map(
    ([request, code, message]) => [String(request).slice(0, 60), code, message, request] as const,
  );
  test.each(titled)('%s is refused with %i %s, and changes nothing', async (_title, code, message, request) => {
    const shadow = fresh();
    await face.update(shadow, section('desired', '{"kept":1}'));
    await observer.take(shadow);
    expect(await face.update(shadow, request)).toEqual({ code, body: message });
    const said = await observer.take(shadow);
    const rejected = [{ suffix: 'update/rejected', payload: expect.objectContaining({ code, message }) }];
    expect(said).toMatchObject(faceName === 'MQTT' ? rejected : []);
    expect((await face.get(shadow)).body).toMatchObject({ version: 1, state: { desired: { kept: 1 } } });
  });

  test('eight levels may nest, and numbers beyond a double come back as they were written', async () => {
    expect(await face.update(fresh(), deepest)).toMatchObject({ code: 200 });
    const { body } = await httpsRequest(
      thingd,
      device,
      'POST',
      `/things/${fresh().thing}/shadow`,
      '{"state":{"reported":{"serial":12345678901234567890}}}',
    );
    expect(body).toContain('"serial":12345678901234567890');
  });

  test('a standing delta is told again when something else is reported', async () => {
    const shadow = fresh();
    await face.update(shadow, section('desired', '{"a":1}'));
    const [{ payload: first } = { payload: undefined }] = (await observer.take(shadow)).filter(isDelta);
    await face.update(shadow, section('reported', '{"other":2}'));
    const [{ payload: second } = { payload: undefined }] = (await observer.take(shadow)).filter(isDelta);
    expect(second).toMatchObject({ version: 2, state: { a: 1 }, metadata: first.metadata });
  });

  test('a named shadow has a life of its own', async () => {
    const { thing } = fresh();
    const n1 = { thing, name: 'n1' };
    expect(await face.get(n1)).toEqual({ code: 404, body: "No shadow exists with name: 'n1'" });
    expect(await face.update(n1, section('desired', '{"a":1}'))).toMatchObject({ body: { version: 1 } });
    expect(await face.update({ thing, name: '$package' }, '{"state":{}}')).toMatchObject({ body: { version: 1 } });
    expect(await face.get({ thing })).toMatchObject({ code: 404 });
    const list = await httpsRequest(thingd, device, 'GET', `/api/things/shadow/ListNamedShadowsForThing/${thing}`);
    expect(JSON.parse(list.body)).toEqual({ results: ['$package', 'n1'], timestamp: expect.any(Number) });
    expect(await face.delete(n1)).toMatchObject({ code: 200 });
    expect(await face.get(n1)).toMatchObject({ code: 404 });
  });
});

const isDelta = ({ suffix }: { readonly suffix: string }): boolean => suffix === 'update/delta';

/** A value with every leaf replaced, or metadata with every stamp replaced: they are the same. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value !== 'object' || value === null) return 'leaf';
  const entries = Object.entries(value);
  if (entries.length === 1 && entries[0]![0] === 'timestamp' && typeof entries[0]![1] === 'number') return 'leaf';
  return Object.fromEntries(entries.map(([key, inner]) => [key, shapeOf(inner)]));
}

test('what one face writes the other reads', async () => {
  const shadow = fresh();
  const [mqtt, https] = [new MqttFace(client), new HttpsFace(thingd, device)];
  await mqtt.update(shadow, '{"state":{"reported":{"led":"off"}}}');
  await https.update(shadow, '{"state":{"desired":{"led":"on"}}}');
  const [one, other] = [await mqtt.get(shadow), await https.get(shadow)];
  expect({ ...one.body, timestamp: 0 }).toEqual({ ...other.body, timestamp: 0 });
  expect(one.body.state).toEqual({ desired: { led: 'on' }, reported: { led: 'off' }, delta: { led: 'on' } });
});

test('named shadows are listed in pages', async () => {
  const { thing } = fresh();
  const https = new HttpsFace(thingd, device);
  const names = Array.from({ length: 7 }, (_, number) => `s${number}`);
  for (const name of names) await https.update({ thing, name }, '{"state":{}}');
  const seen: string[] = [];
  for (let token: string | undefined = ''; token !== undefined; ) {
    const path = `/api/things/shadow/ListNamedShadowsForThing/${thing}?pageSize=3${token && `&nextToken=${token}`}`;
    const { results, nextToken } = JSON.parse((await httpsRequest(thingd, device, 'GET', path)).body);
    expect(results.length).toBeLessThanOrEqual(3);
    seen.push(...results);
    token = nextToken;
  }
  expect(seen).toEqual(names);
  const unknown = await httpsRequest(thingd, device, 'GET', '/api/things/shadow/ListNamedShadowsForThing/nobody');
  expect(JSON.parse(unknown.body)).toMatchObject({ results: [] });
  const tooLarge = `/api/things/shadow/ListNamedShadowsForThing/${thing}?pageSize=101`;
  expect((await httpsRequest(thingd, device, 'GET', tooLarge)).status).toBe(400);
});
