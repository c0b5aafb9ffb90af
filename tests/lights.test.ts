/** `examples/lights` through its front doors: the phone's API, and bulbs that are processes of their own. */
import { DescribeThingCommand, IoTClient } from '@aws-sdk/client-iot';
import { GetRetainedMessageCommand, IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import { connectAsync } from 'mqtt';
import { beforeAll, describe, expect, test } from 'vitest';
import { temporaryDirectory } from './harness/directory.ts';
import { eventually } from './harness/eventually.ts';
import {
  type Backend,
  type BackendOptions,
  type Light,
  launchBackend,
  type Registration,
  startBackend,
  startBulb,
  startDemonstration,
} from './harness/lights.ts';
import { startThingd, type Thingd } from './harness/thingd.ts';

let thingd: Thingd;
let options: BackendOptions;
let backend: Backend;

beforeAll(async () => {
  thingd = await startThingd();
  options = { directory: await temporaryDirectory(), env: { LIGHTS_SIGN_IN: 'development' } };
  backend = await startBackend(thingd, options);
});

async function register(token: string, name: string): Promise<Registration> {
  const { status, body } = await backend.call<Registration>(token, 'POST', '/light', { name });
  expect(status).toBe(201);
  return body;
}

const list = async (token: string, query = ''): Promise<Light[]> =>
  (await backend.call<{ lights: Light[] }>(token, 'GET', `/light${query}`)).body.lights;

const show = async (token: string, id: string): Promise<Light> =>
  (await backend.call<Light>(token, 'GET', `/light/${id}`)).body;

const command = (token: string, id: string, name: string, parameters?: object) =>
  backend.call<{ delivery: string; type: string; fields: { path: string }[] }>(
    token,
    'POST',
    `/light/${id}/command/${name}`,
    parameters,
  );

const listed = (token: string, id: string, fits: (light: Light) => boolean) =>
  eventually('the list shows it', async () => (await list(token)).some(light => light.id === id && fits(light)));

const clients = () => {
  const { accessKeyId, secretAccessKey, region } = thingd.credentials;
  const settings = { endpoint: thingd.endpoints.http.url, region, credentials: { accessKeyId, secretAccessKey } };
  return { iot: new IoTClient(settings), data: new IoTDataPlaneClient(settings) };
};

describe('a light', () => {
  test('is registered, switched, cut off at the wall, told what it missed, and deleted', async () => {
    const registration = await register('hanako', '居間');
    const { id, topics } = registration;
    expect(topics).toEqual({ data: `${id}/data`, command: `${id}/command` });
    expect((await show('hanako', id)).connectivity).toEqual({ connected: false });
    expect((await command('hanako', id, 'on')).body.type).toBe('/problems/light-never-connected');

    const bulb = await startBulb(registration);
    await listed('hanako', id, light => light.connectivity.connected && light.state?.power === 'on');

    expect((await command('hanako', id, 'off')).body).toMatchObject({ delivery: 'now' });
    await eventually('the bulb is dark', async () => (await bulb.look()).power === 'off');
    await listed('hanako', id, light => light.state?.power === 'off');

    expect((await bulb.switchAtWall()).powered).toBe(false);
    await listed('hanako', id, light => !light.connectivity.connected && light.connectivity.since !== undefined);
    expect((await command('hanako', id, 'on')).body).toMatchObject({ delivery: 'on-return' });
    expect((await command('hanako', id, 'brightness', { level: 12 })).status).toBe(202);
    expect((await command('hanako', id, 'color', { value: '#4488ff' })).status).toBe(202);

    await bulb.switchAtWall();
    await eventually('the bulb did what it was told', async () => {
      const { power, brightness, color } = await bulb.look();
      return power === 'on' && brightness === 12 && color === '#4488ff';
    });
    await listed('hanako', id, light => light.connectivity.connected && light.state?.brightness === 12);

    expect((await backend.call('hanako', 'DELETE', `/light/${id}`)).status).toBe(204);
    expect((await backend.call('hanako', 'GET', `/light/${id}`)).status).toBe(404);
    expect(await list('hanako')).toEqual([]);
    await eventually('the bulb is cut off', async () => !(await bulb.look()).connected);
    const { iot, data } = clients();
    await eventually('the thing is gone', () =>
      iot.send(new DescribeThingCommand({ thingName: id })).then(
        () => false,
        error => error.name === 'ResourceNotFoundException',
      ),
    );
    await expect(data.send(new GetRetainedMessageCommand({ topic: topics.data }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    await bulb.child.stop();
  });

  test('is its owner’s alone', async () => {
    const { id } = await register('taro', 'Kitchen');
    await listed('taro', id, () => true);
    expect(await list('hanako')).toEqual([]);
    const others = ['GET', 'DELETE'].map(method => backend.call('hanako', method, `/light/${id}`));
    for (const { status, body } of await Promise.all([...others, command('hanako', id, 'on')])) {
      expect(status).toBe(404);
      expect(body).toMatchObject({ type: '/problems/light-not-found' });
    }
    expect((await show('taro', id)).name).toBe('Kitchen');
  });

  test('may publish and subscribe to its own two topics alone', async () => {
    const { id, certificatePem, privateKey, certificateAuthority } = await register('taro', 'Hall');
    const url = `mqtts://localhost:${thingd.endpoints.mqtts.port}`;
    const identity = { cert: certificatePem, key: privateKey, ca: certificateAuthority, reconnectPeriod: 0 };
    const light = await connectAsync(url, { ...identity, clientId: id, protocolVersion: 5 }, false);
    await light.subscribeAsync(`${id}/command`, { qos: 1 });
    await expect(light.subscribeAsync('other/command', { qos: 1 })).rejects.toThrow();
    await light.endAsync(true);
    await expect(connectAsync(url, { ...identity, clientId: 'another', protocolVersion: 5 }, false)).rejects.toThrow();
  });

  test('keeps being removed until it is done, across failures and a restart', async () => {
    const { id } = await register('jiro', 'Attic');
    await listed('jiro', id, () => true);
    await thingd.kill();
    expect((await backend.call('jiro', 'DELETE', `/light/${id}`)).status).toBe(204);
    await backend.child.stop('SIGKILL');

    thingd = await startThingd({ dataDir: thingd.dataDir });
    const { iot } = clients();
    await iot.send(new DescribeThingCommand({ thingName: id }));
    backend = await startBackend(thingd, options);
    expect((await backend.call('jiro', 'GET', `/light/${id}`)).status).toBe(404);
    await eventually(
      'the thing is gone',
      () =>
        iot.send(new DescribeThingCommand({ thingName: id })).then(
          () => false,
          error => error.name === 'ResourceNotFoundException',
        ),
      15_000,
    );
  });
});

test('a list comes in pages', async () => {
  const names = ['one', 'two', 'three', 'four', 'five'];
  for (const name of names) await register('pager', name);
  await eventually('all are listed', async () => (await list('pager')).length === names.length);
  const found: string[] = [];
  let nextToken: string | undefined;
  do {
    const query = `?limit=2${nextToken ? `&nextToken=${encodeURIComponent(nextToken)}` : ''}`;
    const { body } = await backend.call<{ lights: Light[]; nextToken?: string }>('pager', 'GET', `/light${query}`);
    expect(body.lights.length).toBeLessThanOrEqual(2);
    found.push(...body.lights.map(({ name }) => name));
    nextToken = body.nextToken;
  } while (nextToken !== undefined);
  expect(found.toSorted()).toEqual(names.toSorted());
});

describe('a request that is not as documented', () => {
  test.each([
    ['no name', 'POST', '/light', {}, 400, 'invalid-request'],
    ['an empty name', 'POST', '/light', { name: ' ' }, 400, 'invalid-request'],
    ['a name with a control character', 'POST', '/light', { name: 'a\u0007' }, 400, 'invalid-request'],
    ['a field nobody knows', 'POST', '/light', { name: 'a', nmae: 'b' }, 400, 'invalid-request'],
    ['a page of none', 'GET', '/light?limit=0', undefined, 400, 'invalid-request'],
    ['a token of no list', 'GET', '/light?nextToken=made-up', undefined, 400, 'invalid-request'],
    ['an id that is none', 'GET', '/light/lamp', undefined, 400, 'invalid-request'],
    ['a light nobody has', 'GET', '/light/light0000000000000000', undefined, 404, 'light-not-found'],
    [
      'a command nobody knows',
      'POST',
      '/light/light0000000000000000/command/dance',
      undefined,
      404,
      'command-not-found',
    ],
    ['a path nobody serves', 'GET', '/lamps', undefined, 404, 'route-not-found'],
  ])('is told what is wrong: %s', async (_, method, path, body, status, type) => {
    const answer = await backend.call<{ type: string; detail: string }>('hanako', method, path, body);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(answer.body).toMatchObject({ type: `/problems/${type}`, status, detail: expect.any(String) });
  });

  test.each([
    ['brightness', { level: 0 }, '/level'],
    ['brightness', { level: '40' }, '/level'],
    ['color', { value: 'red' }, '/value'],
  ])('names the field: %s %j', async (name, parameters, path) => {
    const { id } = await register('naming', 'A');
    const { status, body } = await command('naming', id, name, parameters);
    expect(status).toBe(400);
    expect(body.fields).toMatchObject([{ path }]);
  });

  test('needs a token', async () => {
    for (const headers of [{}, { authorization: 'Bearer Not A Name' }, { authorization: 'Basic aGFuYWtv' }]) {
      const answer = await fetch(`${backend.url}/light`, { headers: headers as Record<string, string> });
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    }
  });
});

test('a certificate that is removed opens no door again', async () => {
  const { id, certificatePem, privateKey, certificateAuthority } = await register('saburo', 'Door');
  expect((await backend.call('saburo', 'DELETE', `/light/${id}`)).status).toBe(204);
  const url = `mqtts://localhost:${thingd.endpoints.mqtts.port}`;
  const identity = { clientId: id, cert: certificatePem, key: privateKey, ca: certificateAuthority };
  await eventually('it is refused', () =>
    connectAsync(url, { ...identity, protocolVersion: 5, reconnectPeriod: 0 }, false).then(
      client => client.endAsync(true).then(() => false),
      () => true,
    ),
  );
});

test('the documents describe every route and message, and every reference in them leads somewhere', async () => {
  type Json = { readonly [key: string]: Json };
  for (const path of ['/openapi.json', '/asyncapi.json']) {
    const text = await (await fetch(backend.url + path)).text();
    const document: Json = JSON.parse(text);
    for (const [, reference] of text.matchAll(/"\$ref":"(.*?)"/g)) {
      const found = reference!
        .replace('#/', '')
        .split('/')
        .reduce<Json | undefined>((at, key) => at?.[key], document);
      expect(found, reference).toBeDefined();
    }
    if (path === '/openapi.json') {
      const routes = Object.entries(document.paths!).flatMap(([route, methods]) =>
        Object.keys(methods).map(method => `${method} ${route}`),
      );
      expect(routes.toSorted()).toEqual([
        'delete /light/{id}',
        'get /light',
        'get /light/{id}',
        'get /updates',
        'post /light',
        ...['brightness', 'color', 'off', 'on'].map(name => `post /light/{id}/command/${name}`),
      ]);
    }
  }
});

test('updates tell their owner what changes, and nobody else', async () => {
  const { id } = await register('watcher', 'Watched');
  const follow = async (token: string) => {
    const { body } = await fetch(`${backend.url}/updates`, { headers: { authorization: `Bearer ${token}` } });
    const heard = { text: '' };
    const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
    const read = async (): Promise<void> => {
      const { done, value } = await reader.read();
      heard.text += value ?? '';
      if (!done) await read();
    };
    read().catch(() => {});
    await eventually('it has begun', () => heard.text !== '');
    return { heard, stop: () => reader.cancel() };
  };
  const own = await follow('watcher');
  const others = await follow('stranger');
  await backend.call('watcher', 'DELETE', `/light/${id}`);
  await eventually('the owner hears of it', () => own.heard.text.includes(`data: {"id":"${id}","deleted":true}`));
  const { id: next } = await register('stranger', 'Own');
  await eventually('the other hears of theirs', () => others.heard.text.includes(next));
  expect(others.heard.text).not.toContain(id);
  await Promise.all([own.stop(), others.stop()]);
});

test('one command starts thingd, the backend and three bulbs, and finds them again the next time', async () => {
  const directory = await temporaryDirectory();
  const lights = async (demonstration: Backend): Promise<string[]> => {
    const found = await eventually(
      'three lights are connected',
      async () => {
        const { body } = await demonstration.call<{ lights: Light[] }>('hanako', 'GET', '/light');
        return body.lights.filter(({ connectivity }) => connectivity.connected).length === 3 && body.lights;
      },
      15_000,
    );
    return found.map(({ id }) => id).toSorted();
  };
  const first = await startDemonstration(directory);
  const ids = await lights(first);
  expect(await first.child.stop()).toBe(0);
  const second = await startDemonstration(directory);
  expect(await lights(second)).toEqual(ids);
  expect(await second.child.stop()).toBe(0);
});

test('a backend that cannot start says what to mend, in one line', async () => {
  const port = new URL(backend.url).port;
  const environments: Record<string, string>[] = [
    { LIGHTS_SIGN_IN: 'none' },
    { LIGHTS_SIGN_IN: 'development', LIGHTS_PORT: port },
  ];
  for (const env of environments) {
    const child = launchBackend(thingd, { directory: await temporaryDirectory(), env });
    expect(await child.exited).toBe(2);
    expect(child.stderr.trim()).toMatch(/^.*(LIGHTS_SIGN_IN|EADDRINUSE).*$/);
  }
});
