import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { CreateThingCommand, DescribeThingCommand, IoTClient, ListThingsCommand } from '@aws-sdk/client-iot';
import { IoTDataPlaneClient, PublishCommand } from '@aws-sdk/client-iot-data-plane';
import { type Realm, ServiceError } from '@thingd/core';
import { afterEach, describe, expect, test } from 'vitest';
import type { Denial } from './authorization/authorize.ts';
import { startTestServer, type TestServer, testAccessKeys, testKey } from './fixtures/server.ts';
import type { Call, Handlers } from './operations/operation.ts';
import { headersOf } from './server.ts';

let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

type Options = Parameters<typeof startTestServer>[1];

async function start(handlers: Partial<Handlers> = {}, options: Options = {}): Promise<TestServer> {
  server = await startTestServer(handlers, { accessKeys: testAccessKeys(), ...options });
  return server;
}

const dev = { realm: { accountId: '000000000000', region: 'us-east-1' } };

interface Answer {
  readonly status: number;
  readonly error: string | null;
  readonly body: Record<string, unknown> & { message?: string };
  readonly headers: Headers;
}

async function ask(path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(`${server!.url}${path}`, init);
  const text = await response.text();
  return {
    status: response.status,
    error: response.headers.get('x-amzn-errortype'),
    body: text === '' ? {} : JSON.parse(text),
    headers: response.headers,
  };
}

const iot = (options: object = {}): IoTClient =>
  new IoTClient({ endpoint: server!.url, region: 'us-east-1', credentials: testKey, maxAttempts: 1, ...options });

const iotdata = (options: object = {}): IoTDataPlaneClient =>
  new IoTDataPlaneClient({
    endpoint: server!.url,
    region: 'us-east-1',
    credentials: testKey,
    maxAttempts: 1,
    ...options,
  });

test('what comes first is done before a call begins, and again before it is answered', async () => {
  const happened: string[] = [];
  const ListThings = () => {
    happened.push('called');
    return {};
  };
  await start({ iot: { ListThings } }, { dev, first: () => void happened.push('first') });
  await ask('/things');
  expect(happened).toEqual(['first', 'called', 'first']);
});

describe('errors arrive under their names', () => {
  test('a service error with its details', async () => {
    await start({
      iot: {
        CreateThing: () => {
          throw new ServiceError('ResourceAlreadyExistsException', 'exists', { resourceId: 'i', resourceArn: 'a' });
        },
      },
    });
    await expect(iot().send(new CreateThingCommand({ thingName: 'a' }))).rejects.toMatchObject({
      name: 'ResourceAlreadyExistsException',
      message: 'exists',
      resourceId: 'i',
      resourceArn: 'a',
      $metadata: { httpStatusCode: 409, requestId: expect.stringMatching(/^[\da-f-]{36}$/) },
    });
  });

  test('the same name has the status of its service', async () => {
    const throttle = (): never => {
      throw new ServiceError('ThrottlingException', 'slow down');
    };
    await start({ iot: { ListThings: throttle }, iotdata: { Publish: throttle } }, { dev });
    expect(await ask('/things')).toMatchObject({ status: 400, error: 'ThrottlingException' });
    const answer = await ask('/topics/a', { method: 'POST' });
    expect(answer).toMatchObject({ status: 429, body: { message: 'slow down' } });
    expect(answer.body.traceId).toBe(answer.headers.get('x-amzn-requestid'));
  });

  test('a bug stays inside and is logged whole', async () => {
    const bug = new Error('the secret is 42');
    const fail = (): never => {
      throw bug;
    };
    const { failures } = await start({ iot: { ListThings: fail, ListPackages: fail } }, { dev });
    expect(await ask('/things')).toMatchObject({
      status: 500,
      error: 'InternalFailureException',
      body: { message: 'Internal service failure' },
    });
    expect(await ask('/packages')).toMatchObject({ status: 500, error: 'InternalServerException' });
    expect(failures).toEqual([bug, bug]);
  });

  test('an operation nobody wrote answers 501 and names itself', async () => {
    await start();
    await expect(iot().send(new DescribeThingCommand({ thingName: 'a' }))).rejects.toMatchObject({
      name: 'NotImplementedException',
      message: 'DescribeThing is not implemented',
      $metadata: { httpStatusCode: 501 },
    });
    expect(
      await ask('/', { method: 'POST', headers: { 'x-amz-target': 'IoTSecuredTunneling.OpenTunnel' } }),
    ).toMatchObject({
      status: 501,
      body: { message: '`IoTSecuredTunneling.OpenTunnel` is not implemented' },
    });
  });

  test.each(['/nothing', '/', '//', '/constructor', '/__proto__'])('%s is an unknown operation', async path => {
    await start({}, { dev });
    expect(await ask(path)).toMatchObject({ status: 404, error: 'UnknownOperationException' });
  });

  test.each(['/things/%zz', '/%', '/topics/100%'])('%s is a bad request', async path => {
    await start({}, { dev });
    expect(await ask(path)).toMatchObject({ status: 400, error: 'InvalidRequestException' });
  });

  test('input that breaks a constraint is refused under the name its operation declares', async () => {
    await start({ iot: { CreateThing: () => ({}), CreateCommand: () => ({}) } }, { dev });
    expect(await ask('/things/my%20thing', { method: 'POST' })).toMatchObject({
      status: 400,
      error: 'InvalidRequestException',
      body: {
        message:
          "1 validation error detected: Value 'my thing' at 'thingName' failed to satisfy constraint: " +
          'Member must satisfy regular expression pattern: [a-zA-Z0-9:_-]+',
      },
    });
    expect(await ask('/commands/my%20command', { method: 'PUT' })).toMatchObject({ error: 'ValidationException' });
  });

  test('a body that is not JSON, and one that is too large', async () => {
    await start({ iot: { CreateThing: () => ({}) } }, { dev, maxRequestBytes: 1000 });
    expect(await ask('/things/a', { method: 'POST', body: '{' })).toMatchObject({
      status: 400,
      error: 'SerializationException',
    });
    expect(await ask('/things/a', { method: 'POST', body: 'x'.repeat(1001) })).toMatchObject({
      status: 413,
      error: 'RequestEntityTooLargeException',
    });
  });
});

describe('a caller proves who it is', () => {
  const handlers: Partial<Handlers> = {
    iot: { ListThings: () => ({ things: [] }) },
    iotdata: { Publish: () => undefined },
  };

  test('nobody gets in without a signature', async () => {
    await start(handlers);
    expect(await ask('/things')).toMatchObject({ status: 403, error: 'MissingAuthenticationTokenException' });
    expect(await ask('/topics/a', { method: 'POST' })).toMatchObject({ status: 401, error: 'UnauthorizedException' });
  });

  test('nor with an unknown key, a wrong secret or a wrong clock', async () => {
    await start(handlers);
    const list = new ListThingsCommand({});
    await expect(iot({ credentials: { ...testKey, accessKeyId: 'AKIA' } }).send(list)).rejects.toMatchObject({
      name: 'UnrecognizedClientException',
    });
    await expect(iot({ credentials: { ...testKey, secretAccessKey: 'x' } }).send(list)).rejects.toMatchObject({
      name: 'InvalidSignatureException',
      $metadata: { httpStatusCode: 403 },
    });
    await server!.close();
    await start(handlers, { clock: { now: () => Date.now() + 3_600_000 } });
    await expect(iot().send(list)).rejects.toThrow('Signature expired');
  });

  test('the region of the scope is the realm, where there is one', async () => {
    const hasRealm = ({ region }: Realm): boolean => region === 'us-east-1';
    await start(handlers, { hasRealm });
    await expect(iot().send(new ListThingsCommand({}))).resolves.toMatchObject({ things: [] });
    await expect(iot({ region: 'eu-west-1' }).send(new ListThingsCommand({}))).rejects.toThrow('valid region');
  });

  test('a topic with every kind of character arrives', async () => {
    const topics: string[] = [];
    await start({ iotdata: { Publish: ({ topic }) => void topics.push(topic) } });
    const sent = ['a/b', '/a//b/', 'ü/💡', 'a+b%2F c', '$aws/x', 'a.b/../c', "!'()*~"];
    for (const topic of sent) await iotdata().send(new PublishCommand({ topic }));
    expect(topics).toEqual(sent);
  });

  test('a signature serves for the path it was made for, however the path is written', async () => {
    const topics: string[] = [];
    await start({ iotdata: { Publish: ({ topic }) => void topics.push(topic) } });
    const { hostname, port } = new URL(server!.url);
    const signer = (await iotdata().config.signer()) as unknown as {
      sign(request: object): Promise<{ headers: Record<string, string> }>;
    };
    const { headers } = await signer.sign({
      ...{ method: 'POST', protocol: 'http:', hostname, path: '/topics/lamp/on' },
      ...{ headers: { host: `${hostname}:${port}` } },
    });
    for (const path of ['/topics/lamp/on', '/topics/door/open/../../lamp/on', '/topics//lamp/./on']) {
      const sent = request({ hostname, port, method: 'POST', path, headers }).end();
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      response.resume();
      expect(response.statusCode).toBe(200);
    }
    expect(topics).toEqual(['lamp/on', 'lamp/on', 'lamp/on']);
  });

  test('in dev any signature will do, a twelve-digit key is the account, and none is the default', async () => {
    const realms: Realm[] = [];
    const list = (_input: object, { realm }: Call) => {
      realms.push(realm);
      return {};
    };
    await start({ iot: { ListThings: list } }, { dev });
    const credentials = { accessKeyId: '111122223333', secretAccessKey: 'anything' };
    await iot({ credentials, region: 'eu-west-1' }).send(new ListThingsCommand({}));
    await iot({ credentials: { ...credentials, accessKeyId: 'test' } }).send(new ListThingsCommand({}));
    await ask('/things');
    expect(realms).toEqual([{ accountId: '111122223333', region: 'eu-west-1' }, dev.realm, dev.realm]);
  });
});

describe('a call is allowed by policies', () => {
  const handlers: Partial<Handlers> = {
    iot: { DescribeThing: () => ({}), ListThings: () => ({}) },
    iotdata: { Publish: () => undefined },
  };
  const arn = (resource: string): string => `arn:aws:iot:us-east-1:123456789012:${resource}`;

  test('a denial says who, what and why, and is told to the record', async () => {
    const denials: Denial[] = [];
    await start(handlers, {
      accessKeys: testAccessKeys([
        { Effect: 'Allow', Action: 'iot:DescribeThing', Resource: arn('thing/lamp-*') },
        { Effect: 'Deny', Action: 'iot:ListThings', Resource: '*' },
      ]),
      onDenied: denial => denials.push(denial),
    });
    const user = `arn:aws:iam::123456789012:user/${testKey.accessKeyId}`;
    await iot().send(new DescribeThingCommand({ thingName: 'lamp-1' }));
    await expect(iot().send(new DescribeThingCommand({ thingName: 'door' }))).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: `User: ${user} is not authorized to perform: iot:DescribeThing on resource: ${arn('thing/door')} because no identity-based policy allows the iot:DescribeThing action`,
      $metadata: { httpStatusCode: 403 },
    });
    await expect(iot().send(new ListThingsCommand({}))).rejects.toThrow(
      'with an explicit deny in an identity-based policy',
    );
    expect(denials).toMatchObject([
      { action: 'iot:DescribeThing', resource: arn('thing/door'), decision: 'implicitDeny' },
      { action: 'iot:ListThings', resource: '*', decision: 'explicitDeny' },
    ]);
    expect(denials[0]!.caller.explain!('iot:DescribeThing', arn('thing/door'))).toMatchObject({
      decision: 'implicitDeny',
    });
  });

  test('the data plane only says Forbidden, and retaining is a permission of its own', async () => {
    await start(handlers, {
      accessKeys: testAccessKeys([{ Effect: 'Allow', Action: 'iot:Publish', Resource: arn('topic/a/*') }]),
    });
    await iotdata().send(new PublishCommand({ topic: 'a/b' }));
    const forbidden = { name: 'ForbiddenException', message: 'Forbidden', $metadata: { httpStatusCode: 403 } };
    await expect(iotdata().send(new PublishCommand({ topic: 'b' }))).rejects.toMatchObject(forbidden);
    await expect(iotdata().send(new PublishCommand({ topic: 'a/b', retain: true }))).rejects.toMatchObject(forbidden);
  });

  test('the address of the caller counts', async () => {
    const Condition = { IpAddress: { 'aws:SourceIp': '192.0.2.0/24' } };
    await start(handlers, {
      accessKeys: testAccessKeys([{ Effect: 'Allow', Action: 'iot:*', Resource: '*', Condition }]),
    });
    await expect(iot().send(new ListThingsCommand({}))).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });
});

test('what is stored but not acted on is said in a header, when it was used', async () => {
  await start(
    { iot: { CreateThing: () => ({}), CreateBillingGroup: () => ({}) } },
    {
      dev,
      storedOnly: {
        iot: { CreateThing: ['billingGroupName'], CreateBillingGroup: 'operation' },
        iotdata: {},
        jobsdata: {},
      },
    },
  );
  const create = (body: object) => ask('/things/a', { method: 'POST', body: JSON.stringify(body) });
  expect((await create({ billingGroupName: 'b' })).headers.get('x-thingd-warning')).toBe(
    'stored but not acted on: billingGroupName',
  );
  expect((await create({})).headers.get('x-thingd-warning')).toBeNull();
  expect((await ask('/billing-groups/b', { method: 'POST' })).headers.get('x-thingd-warning')).toBe(
    'stored but not acted on: CreateBillingGroup',
  );
});

test('a path that two services know is logged when nothing tells them apart', async () => {
  const { ambiguous } = await start({ iot: { DescribeJobExecution: () => ({}) } }, { dev });
  expect(await ask('/things/a/jobs/b')).toMatchObject({ status: 200 });
  expect(ambiguous).toEqual(['GET /things/a/jobs/b']);
});

test('every call is told to the log', async () => {
  const { calls } = await start({}, { dev });
  await ask('/things/a');
  expect(calls).toEqual([
    {
      requestId: expect.stringMatching(/^[\da-f-]{36}$/),
      service: 'iot',
      operation: 'DescribeThing',
      status: 501,
      principal: 'anonymous',
      sourceIp: '127.0.0.1',
      error: 'NotImplementedException',
    },
  ]);
});

test('headers are text, whether they were sent as UTF-8 or as Latin-1', async () => {
  await start({}, { dev });
  const seen = ['ü', Buffer.from('ü').toString('latin1')].map(value =>
    headersOf({ rawHeaders: ['X-A', value, 'x-a', 'b'] }),
  );
  expect(seen).toEqual([{ 'x-a': 'ü,b' }, { 'x-a': 'ü,b' }]);
});

test('a request line with a bad URL does not reach anyone and harms no one', async () => {
  await start({ iot: { ListThings: () => ({}) } }, { dev });
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const { hostname, port } = new URL(server!.url);
    request({ hostname, port, path: '/things/%E0%A4%A', method: 'GET' }, response => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
  expect(status).toBe(400);
  expect(await ask('/things')).toMatchObject({ status: 200 });
});
