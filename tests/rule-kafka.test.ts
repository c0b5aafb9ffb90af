/** Rules that send to Kafka: from mosquitto_pub to what kcat reads of a cluster, and what a broker sees of the client's TLS. */
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createServer, type TLSSocket } from 'node:tls';
import { CreateTopicRuleCommand, type IoTClient, type KafkaAction } from '@aws-sdk/client-iot';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { run } from './harness/command.ts';
import { iotClient } from './harness/device.ts';
import { temporaryDirectory } from './harness/directory.ts';
import { eventually } from './harness/eventually.ts';
import { KafkaCluster } from './harness/kafka.ts';
import { describeWith } from './harness/parts.ts';
import { accountId, type RuleGround, roleArn, startRules } from './harness/rule-ground.ts';
import { thingd } from './harness/thingd.ts';

const destinationArn = `arn:aws:iot:us-east-1:${accountId}:ruledestination/vpc/0d9f2d3e`;

describeWith(['kcat', 'aws', 'mosquitto_pub', 'mosquitto_sub', 'openssl'], 'rules that send to Kafka', () => {
  let cluster: KafkaCluster;
  let ground: RuleGround;
  let iot: IoTClient;
  let clear: Readonly<Record<string, string>>;

  beforeAll(async () => {
    cluster = await KafkaCluster.start();
    clear = { 'bootstrap.servers': cluster.server, 'security.protocol': 'PLAINTEXT' };
    ground = await startRules({});
    iot = iotClient(ground.thingd, { accessKeyId: accountId, region: 'us-east-1' });
  });

  type Kafka = Omit<KafkaAction, 'destinationArn'>;

  async function rule(ruleName: string, sql: string, kafkas: readonly Kafka[], errors?: string): Promise<void> {
    const actions = kafkas.map(kafka => ({ kafka: { destinationArn, ...kafka } }));
    const errorAction = errors === undefined ? undefined : { republish: { roleArn, topic: errors } };
    const topicRulePayload = { sql, awsIotSqlVersion: '2016-03-23', actions, errorAction };
    await iot.send(new CreateTopicRuleCommand({ ruleName, topicRulePayload }));
  }

  test('a record has what SELECT made, and the key, headers and partition that templates make', async () => {
    const headers = [
      { key: 'room', value: '${topic(2)}' },
      { key: 'room', value: 'twice' },
      { key: 'kind', value: 'fixed' },
    ];
    const kafka = { topic: 'rooms', key: '${clientid()}', partition: '${p}', headers, clientProperties: clear };
    await rule('toKafka', "SELECT t FROM 'rooms/+'", [kafka]);
    await ground.publish('rooms/attic', '{"t":1.5,"p":2}');
    const [record] = await cluster.records('rooms', 1, '%t/%p %k %h %s');
    expect(record).toMatch(/^rooms\/2 \S+ room=attic,room=twice,kind=fixed \{"t":1\.5\}$/);
  });

  test('records are compressed as the properties say, and any consumer reads them', async () => {
    const kafkas = ['none', 'gzip', 'snappy', 'zstd'].map(type => {
      const clientProperties = { ...clear, 'compression.type': type, acks: 'all' };
      return { topic: 'compressed-${topic(2)}', key: type, clientProperties };
    });
    await rule('compressed', "SELECT * FROM 'compressed/+'", kafkas);
    const text = JSON.stringify({ text: 'compress me, '.repeat(5000) });
    await ground.publish('compressed/all', text);
    const records = await cluster.records('compressed-all', 4, '%k %s');
    expect(records.toSorted()).toEqual(['gzip', 'none', 'snappy', 'zstd'].map(type => `${type} ${text}`));
  });

  test('a partition that does not exist fails at once; a password is in no trace', async () => {
    const seen = await ground.subscriber('kafka-failures');
    const clientProperties = { ...clear, 'sasl.plain.password': 'hunter2' };
    const kafka = { topic: 'few', partition: '77', clientProperties };
    await rule('toNowhere', "SELECT * FROM 'few'", [kafka], 'kafka-failures');
    await ground.publish('few', '{"n":1}');
    await seen.prints('topic `few` has no partition 77');
    expect(seen.stdout).toContain('"failedAction":"KafkaAction","failedResource":"few"');
    await seen.stop();
    const where = ['--json', '--data-dir', ground.thingd.dataDir];
    const traces = await thingd(['rules', 'traces', 'toNowhere', ...where]);
    expect(traces.stdout).toMatch(/"sasl.plain.password": ?"\(secret\)"/);
    expect(traces.stdout + ground.thingd.child.stderr).not.toContain('hunter2');
  });

  test('over TLS the client shows the certificate of its keystore, and trusts who its truststore has', async () => {
    const directory = await temporaryDirectory('thingd-kafka-');
    const file = (name: string): Promise<Buffer> => readFile(join(directory, name));
    for (const name of ['broker', 'client']) {
      const subject = ['-subj', '/CN=localhost', '-addext', `subjectAltName=DNS:localhost,DNS:${name}`];
      const files = ['-noenc', '-keyout', `${directory}/${name}.key`, '-out', `${directory}/${name}.pem`];
      await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', ...subject, ...files]);
    }
    const pair = ['-inkey', `${directory}/client.key`, '-in', `${directory}/client.pem`];
    const sealed = ['-passout', 'pass:sesame', '-out', `${directory}/client.p12`];
    await run('openssl', ['pkcs12', '-export', ...pair, ...sealed]);

    const greeted: TLSSocket[] = [];
    const tls = { key: await file('broker.key'), cert: await file('broker.pem'), ca: await file('client.pem') };
    const server = createServer({ ...tls, requestCert: true }, socket => {
      greeted.push(socket);
      socket.on('error', () => {});
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      for (const socket of greeted) socket.destroy();
      server.close();
    });
    const clientProperties = {
      'bootstrap.servers': `localhost:${(server.address() as AddressInfo).port}`,
      'ssl.truststore': (await file('broker.pem')).toString('base64'),
      'ssl.keystore': (await file('client.p12')).toString('base64'),
      'ssl.keystore.password': 'sesame',
    };
    await rule('overTls', "SELECT * FROM 'tls'", [{ topic: 'tls', clientProperties }]);
    await ground.publish('tls', '{"n":1}');
    const [socket] = await eventually('a handshake', () => greeted.length > 0 && greeted, 20_000);
    expect(socket!.authorized).toBe(true);
    expect(socket!.getPeerCertificate().subjectaltname).toContain('DNS:client');
  });
});
