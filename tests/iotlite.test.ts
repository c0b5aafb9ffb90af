/** IoTLite, a light backend somebody wrote for AWS in Python, unmodified on thingd: from a light's registration to its removal. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { AwsCli } from './harness/aws-cli.ts';
import { launch, type Running, run } from './harness/command.ts';
import { temporaryDirectory } from './harness/directory.ts';
import { eventually } from './harness/eventually.ts';
import { describeWith } from './harness/parts.ts';
import { publicRepository } from './harness/public-repository.ts';
import { accountId } from './harness/rule-ground.ts';
import { startThingd, type Thingd } from './harness/thingd.ts';
import { deployIoTLite, type IoTLite } from './iotlite/deployment.ts';

const title = "IoTLite's original code";
const region = 'ap-northeast-1';
/** Seconds; a light that has said nothing for one and a half times as long is gone. */
const keepAlive = 5;

const found = await publicRepository('THINGD_IOTLITE', 'https://github.com/Phamiliarize/IoTLite.git', 'chalicelib');

const suite = (directory: string) => (): void => {
  let thingd: Thingd;
  let aws: AwsCli;
  let iotlite: IoTLite;
  let light: { id: string; topics: readonly string[] };
  /** The light's identity, as `mosquitto_sub` takes it. */
  let identity: readonly string[];
  let lamp: Running;

  beforeAll(async () => {
    const realm = ['--account-id', accountId, '--region', region];
    thingd = await startThingd({ args: [...realm, '--limit', `minKeepAlive=${keepAlive}`] });
    aws = new AwsCli(thingd);
    iotlite = await deployIoTLite(directory, thingd);
  }, 120_000);

  const hears = () => ['-t', `${light.id}/command`, '-q', '1', '-v', '-d'];
  /** The bulb with its wall switch on, subscribed when this resolves. */
  async function powered(): Promise<Running> {
    const bulb = launch('stdbuf', ['-oL', 'mosquitto_sub', ...identity, ...hears()]);
    await bulb.prints('Subscribed (mid:');
    return bulb;
  }

  /** Waits until the list shows the light connected or not, or with no connectivity at all. */
  const listed = (connected: boolean | null, within?: number) =>
    eventually(
      `the list shows the light with connected: ${connected}`,
      async () => {
        const { body } = await iotlite.call('GET', '/light');
        const one = body.lights.find(({ id }: { id: string }) => id === light.id);
        return (one.connectivity === null ? null : one.connectivity.connected) === connected && one;
      },
      within,
    );

  test('registers a light: certificate, keys and topics', async () => {
    const { status, body } = await iotlite.call('POST', '/light');
    expect({ status, body }).toEqual({
      status: 201,
      body: {
        id: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
        cert: expect.stringMatching(/^-----BEGIN CERTIFICATE-----/),
        publicKey: expect.stringMatching(/^-----BEGIN PUBLIC KEY-----/),
        privateKey: expect.stringMatching(/^-----BEGIN RSA PRIVATE KEY-----/),
        topics: [`${body.id}/data`, `${body.id}/command`],
      },
    });
    light = body;
    const directory = await temporaryDirectory();
    const [certFile, keyFile] = [join(directory, 'certificate.pem'), join(directory, 'private.key')];
    await writeFile(certFile, body.cert);
    await writeFile(keyFile, body.privateKey, { mode: 0o600 });
    identity = [
      ...['-h', thingd.host, '-p', String(thingd.endpoints.mqtts.port), '-i', body.id, '-k', String(keepAlive)],
      ...['--cafile', thingd.caFile, '--cert', certFile, '--key', keyFile],
    ];
  });

  test('lists a light that has never been on without connectivity', async () => {
    await listed(null);
  });

  test('lists it as connected once it is on, with the files the registration returned', async () => {
    const since = Date.now() - 1;
    lamp = await powered();
    const { connectivity } = await listed(true);
    expect(connectivity.timestamp).toBeGreaterThanOrEqual(since);
    expect(connectivity.timestamp).toBeLessThanOrEqual(Date.now());
    expect(await iotlite.call('GET', `/light/${light.id}`)).toEqual({
      status: 200,
      body: { id: light.id, connectivity },
    });
  });

  test.each([
    ['on', true],
    ['off', false],
  ])('the command %s arrives at the light', async (command, power) => {
    const topic = `${light.id}/command`;
    expect(await iotlite.call('POST', `/light/${light.id}/command/${command}`)).toEqual({
      status: 200,
      body: { id: light.id, topic, command: { power } },
    });
    await lamp.prints(`${topic} {"power": ${power}}\n`);
  });

  test('refuses a command it does not know', async () => {
    const { status, body } = await iotlite.call('POST', `/light/${light.id}/command/dance`);
    expect({ status, code: body.Code }).toEqual({ status: 400, code: 'BadRequestError' });
  });

  test('lists it as not connected after the wall switch: silent, then gone without goodbye', async () => {
    const before = (await listed(true)).connectivity.timestamp;
    lamp.process.kill('SIGSTOP'); // its connection stays open, as the network of a lamp without power knows nothing
    const { connectivity } = await listed(false, (keepAlive * 1.5 + 5) * 1000);
    expect(connectivity.timestamp).toBeGreaterThan(before + keepAlive * 1000);
    await lamp.stop('SIGKILL');
    lamp = await powered();
    await listed(true);
    await lamp.stop('SIGKILL');
    await listed(false);
  });

  test('pages through the lights', async () => {
    const ids = [light.id];
    for (let count = 0; count < 2; count += 1) ids.push((await iotlite.call('POST', '/light')).body.id);
    const idsOf = ({ body }: { readonly body: { readonly lights: readonly { readonly id: string }[] } }) =>
      body.lights.map(({ id }) => id);
    await eventually('all are listed', async () => idsOf(await iotlite.call('GET', '/light')).length === ids.length);
    const first = await iotlite.call('GET', '/light?limit=2');
    expect(idsOf(first)).toHaveLength(2);
    const next = encodeURIComponent(first.body.nextToken);
    const second = await iotlite.call('GET', `/light?limit=2&nextToken=${next}`);
    expect(second.body.nextToken).toBeNull();
    expect([...idsOf(first), ...idsOf(second)].sort()).toEqual(ids.sort());
    const { status, body } = await iotlite.call('GET', '/light?nextToken=none-such');
    expect({ status, code: body.Code }).toEqual({ status: 400, code: 'BadRequestError' });
  });

  test('removes a light: gone from the list, cut off, and at last from the registry', async () => {
    lamp = await powered();
    await listed(true);
    const { principals } = await aws.json('iot', 'list-thing-principals', '--thing-name', light.id);
    const certificateId = principals[0].split('/')[1];
    expect(await iotlite.call('DELETE', `/light/${light.id}`)).toEqual({ status: 204, body: undefined });

    await eventually('it is not found', async () => (await iotlite.call('GET', `/light/${light.id}`)).status === 404);
    const { body } = await iotlite.call('GET', '/light');
    expect(body.lights).toHaveLength(2);
    expect(body.lights.map(({ id }: { id: string }) => id)).not.toContain(light.id);
    await eventually('the lamp is cut off', () => lamp.stdout.split('sending CONNECT').length > 2);
    await lamp.stop();
    const refused = await run('mosquitto_sub', [...identity, ...hears(), '-W', '3']);
    expect(refused.exit).not.toBe(0);
    expect(refused.stdout).not.toContain('Subscribed (mid:');

    // The stack's queue keeps a message back for five seconds.
    const gone = async (...command: string[]) => {
      const { exit, stderr } = await aws.run('iot', ...command);
      return exit !== 0 && stderr.includes('(ResourceNotFoundException)');
    };
    await eventually('the thing is gone', () => gone('describe-thing', '--thing-name', light.id), 20_000, 500);
    expect(await gone('describe-certificate', '--certificate-id', certificateId)).toBe(true);
    await eventually('its message is deleted', async () => {
      const names = ['', 'NotVisible', 'Delayed'].map(state => `ApproximateNumberOfMessages${state}`);
      const asked = ['get-queue-attributes', '--queue-url', iotlite.queueUrl, '--attribute-names', ...names];
      const { Attributes } = await iotlite.moto.json('sqs', ...asked);
      return names.every(name => Attributes[name] === '0');
    });
    expect(iotlite.child.stderr).toBe('');
  });

  test('knows no light that is gone', async () => {
    const path = `/light/${light.id}`;
    expect((await iotlite.call('GET', path)).status).toBe(404);
    expect((await iotlite.call('DELETE', path)).status).toBe(404);
  });
};

if ('missing' in found) describe.skip(`${title} (skipped: ${found.missing})`, suite(''));
else describeWith(['aws', 'boto3', 'mosquitto_sub', 'moto_server'], title, suite(found.directory));
