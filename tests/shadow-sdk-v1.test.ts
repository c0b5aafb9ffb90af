/** npm `aws-iot-device-sdk` (version 1): its `thingShadow` class, which keeps a shadow's version and pairs answers by client token. */
import { GetThingShadowCommand, IoTDataPlaneClient, UpdateThingShadowCommand } from '@aws-sdk/client-iot-data-plane';
import sdk from 'aws-iot-device-sdk';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { allow, createDevice, type Device, policyDocument } from './harness/device.ts';
import { nextEvent } from './harness/event.ts';
import { withDeadline } from './harness/eventually.ts';
import { startThingd, type Thingd } from './harness/thingd.ts';

type ThingShadow = InstanceType<typeof sdk.thingShadow>;
type RegisterOptions = Parameters<ThingShadow['register']>[1];

/** The policy of AWS's own documentation for a device and its shadow. */
const shadowPolicy = policyDocument(
  allow('iot:Connect'),
  allow('iot:Publish', 'arn:aws:iot:*:*:topic/$aws/things/*/shadow/*'),
  allow('iot:Subscribe', 'arn:aws:iot:*:*:topicfilter/$aws/things/*/shadow/*'),
  allow('iot:Receive', 'arn:aws:iot:*:*:topic/$aws/things/*/shadow/*'),
);

describe("aws-iot-device-sdk version 1's thingShadow", () => {
  let thingd: Thingd;
  let device: Device;
  let app: IoTDataPlaneClient;
  const open: ThingShadow[] = [];

  beforeAll(async () => {
    thingd = await startThingd();
    device = await createDevice(thingd, 'lamp', shadowPolicy);
    const { accessKeyId, secretAccessKey, region } = thingd.credentials;
    const credentials = { accessKeyId, secretAccessKey };
    app = new IoTDataPlaneClient({ endpoint: thingd.endpoints.http.url, region, credentials, maxAttempts: 1 });
  });

  afterEach(async () => {
    await Promise.all(open.splice(0).map(shadow => new Promise<void>(resolve => shadow.end(true, resolve))));
  });

  async function connected(clientId: string, identity = device, operationTimeout = 10_000): Promise<ThingShadow> {
    const shadow = new sdk.thingShadow(
      {
        host: thingd.host,
        port: thingd.endpoints.mqtts.port,
        clientId,
        keyPath: identity.keyFile,
        certPath: identity.certFile,
        caPath: identity.caFile,
      },
      { operationTimeout },
    );
    open.push(shadow);
    await nextEvent(shadow, 'connect');
    return shadow;
  }

  const register = (shadow: ThingShadow, thingName: string, options: RegisterOptions = {}): Promise<void> =>
    withDeadline(
      `${thingName} is registered`,
      new Promise((resolve, reject) =>
        shadow.register(thingName, options, (error, failed) => (error || failed ? reject(error ?? failed) : resolve())),
      ),
    );

  /** The answer to what `ask` does: whether it was accepted, and the document. */
  async function answered(shadow: ThingShadow, ask: () => string | null) {
    const status = nextEvent(shadow, 'status');
    const token = ask();
    expect(token).toEqual(expect.any(String));
    const [thingName, outcome, clientToken, document] = await status;
    expect(clientToken).toBe(token);
    return { thingName, outcome, document };
  }

  const appUpdates = (thingName: string, update: object) =>
    app.send(new UpdateThingShadowCommand({ thingName, payload: Buffer.from(JSON.stringify(update)) }));

  test('registers, updates, gets, hears a delta, reports, and deletes', async () => {
    const shadow = await connected('lamp');
    await register(shadow, 'lamp');
    expect(await answered(shadow, () => shadow.get('lamp'))).toMatchObject({
      thingName: 'lamp',
      outcome: 'rejected',
      document: { code: 404, message: "No shadow exists with name: 'lamp'" },
    });
    expect(
      await answered(shadow, () => shadow.update('lamp', { state: { reported: { power: 'off' } } })),
    ).toMatchObject({ outcome: 'accepted', document: { version: 1, state: { reported: { power: 'off' } } } });

    const delta = nextEvent(shadow, 'delta');
    await appUpdates('lamp', { state: { desired: { power: 'on' } } });
    const [thingName, wanted] = await delta;
    expect({ thingName, wanted }).toMatchObject({ thingName: 'lamp', wanted: { version: 2, state: { power: 'on' } } });

    expect(
      await answered(shadow, () => shadow.update('lamp', { state: { reported: wanted.state, desired: null } })),
    ).toMatchObject({ outcome: 'accepted', document: { version: 3 } });
    const got = await answered(shadow, () => shadow.get('lamp', 'my-own-token'));
    expect(got.document.state).toEqual({ reported: { power: 'on' } });

    expect(await answered(shadow, () => shadow.delete('lamp'))).toMatchObject({
      outcome: 'accepted',
      document: { version: 3 },
    });
    await expect(app.send(new GetThingShadowCommand({ thingName: 'lamp' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  test('is told of what others change, and keeps up with the version', async () => {
    const shadow = await connected('lamp-2');
    await register(shadow, 'lamp-2', { qos: 1 });
    await answered(shadow, () => shadow.update('lamp-2', { state: { reported: { power: 'off' } } }));
    const foreign = nextEvent(shadow, 'foreignStateChange');
    await appUpdates('lamp-2', { state: { reported: { seen: true } } });
    const [thingName, operation, document] = await foreign;
    expect({ thingName, operation, document }).toMatchObject({
      thingName: 'lamp-2',
      operation: 'update',
      document: { state: { reported: { seen: true } } },
    });
    expect(
      await answered(shadow, () => shadow.update('lamp-2', { state: { reported: { power: 'on' } } })),
    ).toMatchObject({ outcome: 'accepted', document: { version: 3 } });
  });

  test('that has missed a change is refused by its version, until it has read the shadow again', async () => {
    const shadow = await connected('lamp-3');
    await register(shadow, 'lamp-3', { ignoreDeltas: true, persistentSubscribe: false });
    const update = () => shadow.update('lamp-3', { state: { reported: { power: 'off' } } });
    expect(await answered(shadow, update)).toMatchObject({ outcome: 'accepted' });
    await appUpdates('lamp-3', { state: { desired: { power: 'on' } } });
    expect(await answered(shadow, update)).toMatchObject({
      outcome: 'rejected',
      document: { code: 409, message: 'Version conflict' },
    });
    expect(await answered(shadow, () => shadow.get('lamp-3'))).toMatchObject({ document: { version: 2 } });
    expect(await answered(shadow, update)).toMatchObject({ outcome: 'accepted', document: { version: 3 } });
  });

  test('times out where its policy keeps the answers from it', async () => {
    const deaf = policyDocument(
      allow(['iot:Connect', 'iot:Publish', 'iot:Subscribe']),
      allow('iot:Receive', 'arn:aws:iot:*:*:topic/$aws/things/*/shadow/update/*'),
    );
    const identity = await createDevice(thingd, 'deaf', deaf);
    const shadow = await connected('deaf', identity, 300);
    await register(shadow, 'deaf');
    const timeout = nextEvent(shadow, 'timeout');
    const token = shadow.get('deaf');
    expect((await timeout).slice(0, 2)).toEqual(['deaf', token]);
    expect(
      await answered(shadow, () => shadow.update('deaf', { state: { reported: { still: 'there' } } })),
    ).toMatchObject({ outcome: 'accepted' });
  });
});
