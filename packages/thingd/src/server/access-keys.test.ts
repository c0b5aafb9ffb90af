import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { request as requestSecurely } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateThingCommand, DescribeThingCommand, IoTClient, ListThingsCommand } from '@aws-sdk/client-iot';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readPolicyDocument, remoteKeys } from '../cli/access-key.ts';
import { call } from '../cli/call.ts';
import { readInstallation } from '../cli/installation.ts';
import { ConfigurationError, type RunningThingd, startThingd } from '../index.ts';
import { signedHeaders } from '../signature/index.ts';
import type { CreatedAccessKey } from './account-keys.ts';
import { withOfflineKeys } from './offline.ts';

const account = '000000000000';
const otherAccount = '111122223333';
const everything = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}';

const directory = mkdtempSync(join(tmpdir(), 'thingd-keys-'));
const configuration = { dataDir: directory, durability: 'full' } as const;
const start = () =>
  startThingd({ mode: 'start', options: { dataDir: directory, realms: [`${otherAccount}/eu-west-1`] } });

const clientOf = (
  { endpoints }: RunningThingd,
  credentials: Pick<CreatedAccessKey, 'accessKeyId' | 'secretAccessKey'>,
  region = 'us-east-1',
): IoTClient => new IoTClient({ endpoint: endpoints.http ?? '', region, credentials, maxAttempts: 1 });

afterAll(() => rmSync(directory, { recursive: true }));

describe('access keys of a running thingd', () => {
  let thingd: RunningThingd;
  const installation = () => readInstallation(thingd.directory)!;

  beforeAll(async () => {
    thingd = await start();
  });

  afterAll(() => thingd.close());

  test('a key limited to describing one thing is refused everything else in the words of AWS', async () => {
    const administrator = clientOf(thingd, thingd.credentials);
    for (const thingName of ['lamp-1', 'lamp-2']) await administrator.send(new CreateThingCommand({ thingName }));
    const resource = `arn:aws:iot:us-east-1:${account}:thing/lamp-1`;
    const statement = { Effect: 'Allow', Action: 'iot:DescribeThing', Resource: resource };
    const policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
    const key = await remoteKeys(installation(), undefined).create(policy);
    const limited = clientOf(thingd, key);

    expect(await limited.send(new DescribeThingCommand({ thingName: 'lamp-1' }))).toMatchObject({
      thingName: 'lamp-1',
    });
    const refused = (action: string, on: string) => ({
      name: 'AccessDeniedException',
      message: expect.stringMatching(
        new RegExp(`^User: .*${key.accessKeyId}.* is not authorized to perform: iot:${action} on resource: ${on}`),
      ),
      $metadata: { httpStatusCode: 403 },
    });
    const arn = (name: string) => `arn:aws:iot:us-east-1:${account}:${name}`;
    await expect(limited.send(new DescribeThingCommand({ thingName: 'lamp-2' }))).rejects.toMatchObject(
      refused('DescribeThing', arn('thing/lamp-2')),
    );
    await expect(limited.send(new CreateThingCommand({ thingName: 'lamp-1' }))).rejects.toMatchObject(
      refused('CreateThing', arn('thing/lamp-1')),
    );
    await expect(limited.send(new ListThingsCommand({}))).rejects.toMatchObject(refused('ListThings', '\\*'));

    const as = { ...installation(), credentials: { ...thingd.credentials, ...key } };
    await expect(remoteKeys(as, undefined).list()).rejects.toThrow('not authorized to perform thingd:ListAccessKeys');
    const { denials } = await call<{ denials: { action: string; explanation: object }[] }>(
      installation(),
      'GET',
      '/thingd/v1/denials',
    );
    expect(denials.map(({ action }) => action)).toEqual([
      'thingd:ListAccessKeys',
      'iot:ListThings',
      'iot:CreateThing',
      'iot:DescribeThing',
    ]);
    expect(denials[3]?.explanation).toMatchObject({
      decision: 'implicitDeny',
      nearMisses: [{ reason: 'resource', detail: `it is for \`${resource}\`` }],
      suggestion: JSON.stringify({ ...statement, Resource: arn('thing/lamp-2') }),
    });
  });

  test('a key whose policy asks for TLS is refused in the clear', async () => {
    const allowed = { Effect: 'Allow', Action: '*', Resource: '*' };
    const inTheClear = { Bool: { 'aws:SecureTransport': 'false' } };
    const denied = { Effect: 'Deny', Action: '*', Resource: '*', Condition: inTheClear };
    const policy = JSON.stringify({ Version: '2012-10-17', Statement: [allowed, denied] });
    const { accessKeyId, secretAccessKey } = await remoteKeys(installation(), undefined).create(policy);
    const statusAt = async (endpoint = '') => {
      const url = new URL('/things', endpoint);
      const scope = { region: 'us-east-1', service: 'iot' };
      const headers = signedHeaders('GET', url, '', { accessKeyId, secretAccessKey }, scope, Date.now());
      const send = url.protocol === 'https:' ? requestSecurely : request;
      const sent = send(url, { headers, ca: thingd.rootCertificate }).end();
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      response.resume();
      return response.statusCode;
    };
    const { http, https } = thingd.endpoints;
    expect(await statusAt(https?.replace('0.0.0.0', 'localhost'))).toBe(200);
    expect(await statusAt(http)).toBe(403);
  });

  test('a policy that is none is refused with its place, and none made', async () => {
    const keys = remoteKeys(installation(), undefined);
    const before = (await keys.list()).length;
    await expect(keys.create('{"Statement":[{"Effect":"Perhaps"}]}')).rejects.toThrow('Statement[0].Effect');
    await expect(
      call(installation(), 'POST', '/thingd/v1/access-keys', { policyDocument: { Statement: [] } }),
    ).rejects.toThrow('expects the JSON text of a policy');
    expect(await keys.list()).toHaveLength(before);
  });

  test('the first key makes keys for other accounts that are served, theirs only for themselves', async () => {
    const keys = remoteKeys(installation(), otherAccount);
    const key = await keys.create(everything);
    expect(key.accountId).toBe(otherAccount);
    const there = clientOf(thingd, key, 'eu-west-1');
    expect(await there.send(new CreateThingCommand({ thingName: 'theirs' }))).toMatchObject({
      thingArn: `arn:aws:iot:eu-west-1:${otherAccount}:thing/theirs`,
    });
    const { accessKeyId, secretAccessKey, accountId } = key;
    const credentials = { accessKeyId, secretAccessKey, accountId, region: 'eu-west-1' };
    const as = { ...installation(), credentials };
    expect(await remoteKeys(as, undefined).list()).toMatchObject([{ accessKeyId }]);
    await expect(remoteKeys(as, account).create(everything)).rejects.toThrow(
      `account ${otherAccount} has no access to account ${account}`,
    );
    await expect(remoteKeys(as, undefined).delete(thingd.credentials.accessKeyId)).rejects.toThrow('does not exist');
    await expect(remoteKeys(installation(), '999999999999').create()).rejects.toThrow('no realm of account');
    await keys.delete(accessKeyId);
    await expect(remoteKeys(as, undefined).list()).rejects.toThrow('security token');
  });

  test('the directory itself is not opened beside a thingd that runs in it', async () => {
    const offline = withOfflineKeys(configuration, account, keys => keys.list());
    await expect(offline).rejects.toThrow(ConfigurationError);
    await expect(offline).rejects.toThrow('another thingd is using');
  });
});

test('while no thingd runs, a lost first key is replaced in the data directory', async () => {
  const first = await start();
  const { credentials } = first;
  await first.close();
  const replacement = await withOfflineKeys(configuration, account, async keys => {
    expect((await keys.list()).map(({ accessKeyId }) => accessKeyId)).toContain(credentials.accessKeyId);
    expect(JSON.stringify(await keys.list())).not.toContain(credentials.secretAccessKey);
    await keys.delete(credentials.accessKeyId);
    return keys.create(everything);
  });
  const second = await start();
  const installation = readInstallation(directory)!;
  const as = (given: object) => remoteKeys({ ...installation, credentials: { ...credentials, ...given } }, undefined);
  await expect(as(credentials).list()).rejects.toThrow('security token');
  expect((await as(replacement).list()).map(({ accessKeyId }) => accessKeyId)).toContain(replacement.accessKeyId);
  expect(second.credentials.accessKeyId).not.toBe(credentials.accessKeyId);
  await second.close();
});

test('a policy is given as JSON or as a file', () => {
  expect(readPolicyDocument(' {"Statement":[]}')).toBe(' {"Statement":[]}');
  expect(() => readPolicyDocument(join(directory, 'nowhere.json'))).toThrow(
    /^--policy expects a policy document, as JSON or in a file that can be read: ENOENT/,
  );
});
