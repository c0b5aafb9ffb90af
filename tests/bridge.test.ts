/** The bridge to other brokers: mosquitto, and a second thingd over mutual TLS in the place of AWS IoT. */
import { readFile } from 'node:fs/promises';
import { connect, connectAsync } from 'mqtt';
import { beforeAll, expect, test } from 'vitest';
import { launch, type Running } from './harness/command.ts';
import { allow, createDevice, policyDocument, thisThing } from './harness/device.ts';
import { eventually } from './harness/eventually.ts';
import { listen } from './harness/listener.ts';
import { Mosquitto } from './harness/mosquitto.ts';
import { describeWith } from './harness/parts.ts';
import { roleArn } from './harness/rule-ground.ts';
import { SinkGround, to } from './harness/sink-ground.ts';
import { startThingd } from './harness/thingd.ts';

const errorAction = { republish: { roleArn, topic: 'failures', qos: 1 } };

describeWith(['curl', 'mosquitto', 'mosquitto_pub', 'mosquitto_sub'], 'a bridge', () => {
  let mosquitto: Mosquitto;
  let ground: SinkGround;

  beforeAll(async () => {
    mosquitto = await Mosquitto.start();
    ground = await SinkGround.open({
      five: { kind: 'mqtt', url: mosquitto.url, clientId: 'five', topicPrefix: 'plant-7/' },
      three: { kind: 'mqtt', url: mosquitto.url, clientId: 'three', protocolVersion: '3.1.1', qos: 0 },
    });
  });

  async function hear(filter: string): Promise<Running> {
    const line = ['-oL', 'mosquitto_sub', '-h', '127.0.0.1', '-p', String(mosquitto.port), '-V', '5', '-q', '1', '-d'];
    const running = launch('stdbuf', [...line, '-t', filter, '-F', '%t %q %p %P']);
    await running.prints('Subscribed (mid:');
    return running;
  }

  test('sends under its own prefix, with the headers as user properties, and at QoS 0 by MQTT 3.1.1', async () => {
    const seen = await hear('#');
    await ground.rule(
      'toFive',
      "SELECT n FROM 'in/+'",
      to('thingd:five/${topic(2)}', { key: 'room', value: '${topic(2)}' }),
    );
    await ground.rule('toThree', "SELECT n FROM 'in/+'", to('thingd:three'));
    await ground.publish('in/hall', '{"n":1}');
    await seen.prints(/^plant-7\/hall 1 \{"n":1\} .*room:hall/m);
    await seen.prints(/^in\/hall 0 \{"n":1\}/m);
    await seen.stop();
  });

  test.each([
    ['a wildcard', 'thingd:five/${t}', '+/x'],
    ['a topic that begins with `$`', 'thingd:three/${t}', '$SYS/x'],
  ])('%s in what a template makes is no topic', async (name, url, t) => {
    const rule = name.split(' ')[1]!;
    await ground.rule(rule, `SELECT t FROM '${rule}'`, to(url), errorAction);
    expect(await ground.failureOf(() => ground.publish(rule, { t }))).toContain(t);
  });

  test('loses nothing acknowledged while the other broker is away', async () => {
    await ground.rule('count', "SELECT n FROM 'count'", to('thingd:five/count'));
    // Its session outlives the broker, so that nothing the bridge sends can come too early for it.
    const session = { clientId: 'counter', clean: false } as const;
    const before = await connectAsync(mosquitto.url, session);
    await before.subscribeAsync('plant-7/count', { qos: 1 });
    await before.endAsync();
    const publishing = ground.publishAll('count', 200);
    await mosquitto.close();
    await publishing;
    await eventually('an attempt in vain', async () => (await ground.sink('five')).failed > 0);
    await mosquitto.open();
    const heard = new Set<number>();
    const counter = connect(mosquitto.url, session);
    counter.on('message', (_, payload) => heard.add(JSON.parse(payload.toString()).n));
    await eventually('everything', () => heard.size === 200, 45_000);
    await counter.endAsync();
  });

  test('to AWS IoT is a device there, with a certificate, and sends what its policy allows', async () => {
    // Stands for AWS IoT: the same protocol, the same policies, certificates of its own.
    const cloud = await startThingd();
    const policy = policyDocument(
      allow('iot:Connect', `arn:aws:iot:*:*:client/${thisThing}`),
      allow('iot:Publish', `arn:aws:iot:*:*:topic/${thisThing}/*`),
    );
    const gateway = await createDevice(cloud, 'gateway-1', policy);
    const listener = await listen(cloud, await createDevice(cloud, 'auditor'), ['gateway-1/#']);
    const url = `mqtts://localhost:${cloud.endpoints.mqtts.port}`;
    const files = { ca: gateway.caFile, cert: gateway.certFile, key: gateway.keyFile };
    await ground.put('cloud', { kind: 'mqtt', url, clientId: 'gateway-1', ...files });
    const { definition } = await ground.sink('cloud');
    expect(definition).toMatchObject({ key: '***', cert: await readFile(gateway.certFile, 'utf8') });

    await ground.rule('up', "SELECT n FROM 'up/+'", to('thingd:cloud/${topic(2)}/data'), errorAction);
    await ground.publish('up/gateway-1', '{"n":1}');
    expect(await listener.nextJson('gateway-1/data')).toEqual({ n: 1 });
    expect(await ground.failureOf(() => ground.publish('up/gateway-2', '{"n":2}'))).toContain('Not authorized');
  });

  test('that leads back is a loop that ends after ten rules', async () => {
    const { url } = ground.thingd.endpoints.mqtt;
    await ground.own('PUT', 'sinks/mirror', { kind: 'mqtt', url, clientId: 'mirror' });
    await ground.rule('mirror', "SELECT n FROM 'mirror'", to('thingd:mirror'));
    await ground.publish('mirror', '{"n":1}');
    // The last PUBACK may come after the eleventh message has been refused.
    const sink = await eventually('an end', async () => {
      const shown = await ground.sink('mirror');
      return shown.failed > 0 && shown.delivered >= 10 && shown;
    });
    expect(sink).toMatchObject({ delivered: 10, failed: 1 });
    const { traces } = await ground.own('GET', 'rules/mirror/traces');
    expect(traces[0].actions[0].error).toContain('seems to feed itself');
  });
});
