/** npm `aws-iot-device-sdk-v2` (the AWS common runtime): MQTT 3.1.1 and 5, over mutual TLS and over WebSocket with SigV4. */
import { auth, iot, mqtt, mqtt5 } from 'aws-iot-device-sdk-v2';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { allow, createDevice, type Device, policyDocument, thisThing } from './harness/device.ts';
import { nextEvent } from './harness/event.ts';
import { withDeadline } from './harness/eventually.ts';
import { startThingd, type Thingd } from './harness/thingd.ts';

const policy = policyDocument(
  allow('iot:Connect', 'arn:aws:iot:*:*:client/*'),
  allow(['iot:Publish', 'iot:Receive'], `arn:aws:iot:*:*:topic/${thisThing}/*`),
  allow('iot:Subscribe', `arn:aws:iot:*:*:topicfilter/${thisThing}/*`),
);

describe('aws-iot-device-sdk-v2', () => {
  let thingd: Thingd;
  let device: Device;
  const closers: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    thingd = await startThingd();
    device = await createDevice(thingd, 'sensor', policy);
  });

  afterEach(async () => {
    await Promise.all(closers.splice(0).map(close => withDeadline('the client closes', close())));
  });

  const credentials = (): auth.AwsCredentialsProvider => {
    const { accessKeyId, secretAccessKey } = thingd.credentials;
    return auth.AwsCredentialsProvider.newStatic(accessKeyId, secretAccessKey);
  };

  describe('speaking MQTT 3.1.1', () => {
    type Builder = iot.AwsIotMqttConnectionConfigBuilder;
    const mutualTls = (port: number): Builder =>
      iot.AwsIotMqttConnectionConfigBuilder.new_mtls_builder_from_path(device.certFile, device.keyFile).with_port(port);
    const webSocket = (): Builder =>
      iot.AwsIotMqttConnectionConfigBuilder.new_with_websockets({
        region: thingd.credentials.region,
        credentials_provider: credentials(),
      }).with_port(thingd.endpoints.https.port);

    const transports: readonly (readonly [string, () => Builder])[] = [
      ['mutual TLS on the MQTT port', () => mutualTls(thingd.endpoints.mqtts.port)],
      ['mutual TLS on the HTTPS port by ALPN', () => mutualTls(thingd.endpoints.https.port)],
      ['WebSocket signed with SigV4', webSocket],
    ];

    test.each(transports)('publishes to itself over %s', async (_name, builder) => {
      const config = builder()
        .with_endpoint(thingd.host)
        .with_certificate_authority_from_path(undefined, device.caFile)
        .with_client_id('sensor')
        .with_clean_session(true)
        .build();
      const connection = new mqtt.MqttClient().new_connection(config);
      connection.on('error', () => {}); // `connect` rejects with it
      await withDeadline('connects', connection.connect(), 10_000);
      closers.push(() => connection.disconnect());

      const arrived = Promise.withResolvers<string>();
      const granted = await connection.subscribe('sensor/data', mqtt.QoS.AtLeastOnce, (topic, payload) =>
        arrived.resolve(`${topic} ${Buffer.from(payload)}`),
      );
      expect(granted).toMatchObject({ qos: mqtt.QoS.AtLeastOnce });
      await connection.publish('sensor/data', 'warm', mqtt.QoS.AtLeastOnce);
      expect(await withDeadline('the message arrives', arrived.promise)).toBe('sensor/data warm');
    });
  });

  describe('speaking MQTT 5', () => {
    type Builder = iot.AwsIotMqtt5ClientConfigBuilder;
    const mutualTls = (port: number): Builder =>
      iot.AwsIotMqtt5ClientConfigBuilder.newDirectMqttBuilderWithMtlsFromPath(
        thingd.host,
        device.certFile,
        device.keyFile,
      ).withPort(port);
    const webSocket = (): Builder =>
      iot.AwsIotMqtt5ClientConfigBuilder.newWebsocketMqttBuilderWithSigv4Auth(thingd.host, {
        region: thingd.credentials.region,
        credentialsProvider: credentials(),
      }).withPort(thingd.endpoints.https.port);

    async function started(builder: Builder) {
      const client = new mqtt5.Mqtt5Client(
        builder
          .withCertificateAuthorityFromPath(undefined, device.caFile)
          .withConnectProperties({ clientId: 'sensor', keepAliveIntervalSeconds: 60, sessionExpiryIntervalSeconds: 0 })
          .build(),
      );
      client.on('error', () => {}); // `connectionFailure` says it
      const connected = nextEvent(client, 'connectionSuccess');
      const failed = nextEvent(client, 'connectionFailure').then(([event]) =>
        Promise.reject(new Error(String(event.error))),
      );
      failed.catch(() => {});
      closers.push(async () => {
        const stopped = nextEvent(client, 'stopped');
        client.stop();
        await stopped;
        client.close();
      });
      client.start();
      const [success] = await withDeadline('connects', Promise.race([connected, failed]), 10_000);
      return { client, settings: success.settings as mqtt5.NegotiatedSettings };
    }

    const transports: readonly (readonly [string, () => Builder])[] = [
      ['mutual TLS on the MQTT port', () => mutualTls(thingd.endpoints.mqtts.port)],
      ['mutual TLS on the HTTPS port by ALPN', () => mutualTls(thingd.endpoints.https.port)],
      ['WebSocket signed with SigV4', webSocket],
    ];

    test.each(transports)('publishes to itself with properties over %s', async (_name, builder) => {
      const { client } = await started(builder());
      const suback = await client.subscribe({
        subscriptions: [{ topicFilter: 'sensor/data', qos: mqtt5.QoS.AtLeastOnce }],
      });
      expect(suback.reasonCodes).toEqual([mqtt5.SubackReasonCode.GrantedQoS1]);
      const arrived = nextEvent(client, 'messageReceived');
      const puback = await client.publish({
        topicName: 'sensor/data',
        payload: 'warm',
        qos: mqtt5.QoS.AtLeastOnce,
        contentType: 'text/plain',
        responseTopic: 'sensor/reply',
        correlationData: Buffer.from('17'),
        userProperties: [{ name: 'unit', value: 'celsius' }],
      });
      expect(puback?.reasonCode).toBe(mqtt5.PubackReasonCode.Success);
      const [{ message }] = await arrived;
      expect(message).toMatchObject({
        topicName: 'sensor/data',
        contentType: 'text/plain',
        responseTopic: 'sensor/reply',
        userProperties: [{ name: 'unit', value: 'celsius' }],
      });
      expect(Buffer.from(message.payload).toString()).toBe('warm');
      expect(Buffer.from(message.correlationData).toString()).toBe('17');
    });

    test('is told the limits AWS tells', async () => {
      const { settings } = await started(mutualTls(thingd.endpoints.mqtts.port));
      expect(settings).toMatchObject({
        maximumQos: mqtt5.QoS.AtLeastOnce,
        receiveMaximumFromServer: 100,
        topicAliasMaximumToServer: 8,
        retainAvailable: true,
        wildcardSubscriptionsAvailable: true,
        sharedSubscriptionsAvailable: true,
        subscriptionIdentifiersAvailable: false,
      });
    });

    test('is answered Not authorized, and stays connected, where its policy says no', async () => {
      const { client } = await started(mutualTls(thingd.endpoints.mqtts.port));
      const puback = await client.publish({ topicName: 'other/data', payload: 'x', qos: mqtt5.QoS.AtLeastOnce });
      expect(puback?.reasonCode).toBe(mqtt5.PubackReasonCode.NotAuthorized);
      const suback = await client.subscribe({
        subscriptions: [
          { topicFilter: 'other/data', qos: mqtt5.QoS.AtLeastOnce },
          { topicFilter: 'sensor/data', qos: mqtt5.QoS.AtLeastOnce },
        ],
      });
      expect(suback.reasonCodes).toEqual([mqtt5.SubackReasonCode.NotAuthorized, mqtt5.SubackReasonCode.GrantedQoS1]);
    });
  });
});
