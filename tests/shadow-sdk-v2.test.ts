/** npm `aws-iot-device-sdk-v2`: both of its shadow clients, over MQTT 3.1.1 and 5, with classic and named shadows. */
import { iot, iotshadow, mqtt, type mqtt_request_response, mqtt5 } from 'aws-iot-device-sdk-v2';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { allow, createDevice, type Device, policyDocument } from './harness/device.ts';
import { nextEvent } from './harness/event.ts';
import { withDeadline } from './harness/eventually.ts';
import { startThingd, type Thingd } from './harness/thingd.ts';

const policy = policyDocument(
  allow('iot:Connect'),
  allow(['iot:Publish', 'iot:Receive'], 'arn:aws:iot:*:*:topic/$aws/things/*/shadow/*'),
  allow('iot:Subscribe', 'arn:aws:iot:*:*:topicfilter/$aws/things/*/shadow/*'),
);

let thingd: Thingd;
let device: Device;
const closers: (() => unknown)[] = [];

beforeAll(async () => {
  thingd = await startThingd();
  device = await createDevice(thingd, 'sensor', policy);
});

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await withDeadline('the client closes', Promise.resolve(close()));
});

let clients = 0;

async function connect311(): Promise<mqtt.MqttClientConnection> {
  const config = iot.AwsIotMqttConnectionConfigBuilder.new_mtls_builder_from_path(device.certFile, device.keyFile)
    .with_port(thingd.endpoints.mqtts.port)
    .with_endpoint(thingd.host)
    .with_certificate_authority_from_path(undefined, device.caFile)
    .with_client_id(`sensor-${++clients}`)
    .with_clean_session(true)
    .build();
  const connection = new mqtt.MqttClient().new_connection(config);
  connection.on('error', () => {}); // `connect` rejects with it
  await withDeadline('connects', connection.connect(), 10_000);
  closers.push(() => connection.disconnect());
  return connection;
}

async function connect5(): Promise<mqtt5.Mqtt5Client> {
  const client = new mqtt5.Mqtt5Client(
    iot.AwsIotMqtt5ClientConfigBuilder.newDirectMqttBuilderWithMtlsFromPath(
      thingd.host,
      device.certFile,
      device.keyFile,
    )
      .withPort(thingd.endpoints.mqtts.port)
      .withCertificateAuthorityFromPath(undefined, device.caFile)
      .withConnectProperties({ clientId: `sensor-${++clients}`, keepAliveIntervalSeconds: 60 })
      .build(),
  );
  client.on('error', () => {});
  const connected = nextEvent(client, 'connectionSuccess');
  client.start();
  await connected;
  closers.push(async () => {
    const stopped = nextEvent(client, 'stopped');
    client.stop();
    await stopped;
    client.close();
  });
  return client;
}

let things = 0;
const fresh = (): string => `sensor-thing-${++things}`;

const serviceClients: readonly (readonly [string, () => Promise<iotshadow.IotShadowClientv2>])[] = [
  ['MQTT 3.1.1', async () => iotshadow.IotShadowClientv2.newFromMqtt311(await connect311(), requestOptions)],
  ['MQTT 5', async () => iotshadow.IotShadowClientv2.newFromMqtt5(await connect5(), requestOptions)],
];
const requestOptions = {
  maxRequestResponseSubscriptions: 6,
  maxStreamingSubscriptions: 2,
  operationTimeoutInSeconds: 10,
};

/** A stream, open; `next` is what arrives after it is called. */
async function opened<T>(stream: mqtt_request_response.StreamingOperation<T>) {
  const status = nextEvent(stream, 'subscriptionStatus');
  stream.open();
  const [{ error }] = await status;
  expect(error).toBeUndefined();
  closers.push(() => stream.close());
  const next = async (): Promise<T> => (await nextEvent(stream, 'incomingPublish'))[0].message;
  return { next };
}

describe.each(serviceClients)('IotShadowClientv2 over %s', (_name, create) => {
  async function client(): Promise<iotshadow.IotShadowClientv2> {
    const created = await create();
    closers.push(() => created.close());
    return created;
  }

  test('creates, reads, changes and deletes a classic shadow, with streams of deltas and documents', async () => {
    const shadows = await client();
    const thingName = fresh();
    const deltas = await opened(shadows.createShadowDeltaUpdatedStream({ thingName }));
    const documents = await opened(shadows.createShadowUpdatedStream({ thingName }));

    await expect(shadows.getShadow({ thingName })).rejects.toMatchObject({
      modeledError: { code: 404, message: `No shadow exists with name: '${thingName}'` },
    });
    const state = { color: 'green', on: true };
    const first = documents.next();
    const created = await shadows.updateShadow({ thingName, state: { desired: state, reported: state } });
    expect(created).toMatchObject({ version: 1, state: { desired: state, reported: state } });
    expect((await first).previous).toBeUndefined();
    expect(await first).toMatchObject({ current: { version: 1, state: { desired: state } } });

    const wanted = { color: 'blue', on: false };
    const [delta, changed] = [deltas.next(), documents.next()];
    await shadows.updateShadow({ thingName, state: { desired: wanted } });
    expect(await delta).toMatchObject({ version: 2, state: wanted, timestamp: expect.any(Number) });
    expect(await changed).toMatchObject({ previous: { version: 1 }, current: { version: 2 } });

    await expect(shadows.updateShadow({ thingName, version: 1, state: { reported: wanted } })).rejects.toMatchObject({
      modeledError: { code: 409, message: 'Version conflict' },
    });
    await shadows.updateShadow({ thingName, version: 2, state: { reported: wanted } });
    const { state: read } = await shadows.getShadow({ thingName });
    expect(read).toEqual({ desired: wanted, reported: wanted });
    expect(await shadows.deleteShadow({ thingName })).toMatchObject({ version: 3 });
  });

  test('does the same with a named shadow', async () => {
    const shadows = await client();
    const name = { thingName: fresh(), shadowName: 'settings' };
    const deltas = await opened(shadows.createNamedShadowDeltaUpdatedStream(name));
    const documents = await opened(shadows.createNamedShadowUpdatedStream(name));
    await expect(shadows.getNamedShadow(name)).rejects.toMatchObject({
      modeledError: { code: 404, message: "No shadow exists with name: 'settings'" },
    });
    const [delta, document] = [deltas.next(), documents.next()];
    await shadows.updateNamedShadow({ ...name, state: { desired: { volume: 3 } } });
    expect(await delta).toMatchObject({ version: 1, state: { volume: 3 } });
    expect(await document).toMatchObject({ current: { state: { desired: { volume: 3 } } } });
    expect(await shadows.getNamedShadow(name)).toMatchObject({
      state: { desired: { volume: 3 }, delta: { volume: 3 } },
    });
    expect(await shadows.deleteNamedShadow(name)).toMatchObject({ version: 1 });
    await expect(shadows.getShadow({ thingName: name.thingName })).rejects.toThrow();
  });
});

const subscribingClients: readonly (readonly [string, () => Promise<iotshadow.IotShadowClient>])[] = [
  ['MQTT 3.1.1', async () => new iotshadow.IotShadowClient(await connect311())],
  ['MQTT 5', async () => iotshadow.IotShadowClient.newFromMqtt5Client(await connect5())],
];

describe.each(subscribingClients)('IotShadowClient over %s', (_name, create) => {
  const { AtLeastOnce } = mqtt.QoS;

  /** Turns a subscription with a callback into the next message. */
  async function heard<T>(
    subscribe: (handler: (error?: iotshadow.IotShadowError, response?: T) => void) => Promise<unknown>,
  ): Promise<() => Promise<T>> {
    const waiting: ((response: T) => void)[] = [];
    await subscribe((error, response) => {
      if (error) throw error;
      waiting.shift()?.(response!);
    });
    return () => withDeadline('a shadow message', new Promise<T>(resolve => waiting.push(resolve)));
  }

  test('pairs what it publishes with what it has subscribed to, classic and named', async () => {
    const shadows = await create();
    const thingName = fresh();
    const request = { thingName };
    const updated = await heard<iotshadow.model.UpdateShadowResponse>(handler =>
      shadows.subscribeToUpdateShadowAccepted(request, AtLeastOnce, handler),
    );
    const refused = await heard<iotshadow.model.ErrorResponse>(handler =>
      shadows.subscribeToGetShadowRejected(request, AtLeastOnce, handler),
    );
    const changed = await heard<iotshadow.model.ShadowDeltaUpdatedEvent>(handler =>
      shadows.subscribeToShadowDeltaUpdatedEvents(request, AtLeastOnce, handler),
    );
    const rejection = refused();
    await shadows.publishGetShadow({ thingName, clientToken: 'who' }, AtLeastOnce);
    expect(await rejection).toMatchObject({ code: 404, clientToken: 'who' });

    const [accepted, delta] = [updated(), changed()];
    await shadows.publishUpdateShadow({ thingName, clientToken: 'on', state: { desired: { led: 'on' } } }, AtLeastOnce);
    expect(await accepted).toMatchObject({ version: 1, clientToken: 'on', state: { desired: { led: 'on' } } });
    expect(await delta).toMatchObject({ version: 1, state: { led: 'on' } });

    const named = { thingName, shadowName: 'night' };
    const got = await heard<iotshadow.model.GetShadowResponse>(handler =>
      shadows.subscribeToGetNamedShadowAccepted(named, AtLeastOnce, handler),
    );
    const deleted = await heard<iotshadow.model.DeleteShadowResponse>(handler =>
      shadows.subscribeToDeleteNamedShadowAccepted(named, AtLeastOnce, handler),
    );
    await shadows.publishUpdateNamedShadow({ ...named, state: { reported: { dim: 10 } } }, AtLeastOnce);
    const document = got();
    await shadows.publishGetNamedShadow(named, AtLeastOnce);
    expect(await document).toMatchObject({ version: 1, state: { reported: { dim: 10 } } });
    const gone = deleted();
    await shadows.publishDeleteNamedShadow(named, AtLeastOnce);
    expect(await gone).toMatchObject({ version: 1 });
  });
});
