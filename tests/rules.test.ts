/** Rules through the `aws` command and mosquitto's clients: from CreateTopicRule to what a subscriber or an HTTP server gets. */
import { beforeAll, expect, test } from 'vitest';
import { AwsCli } from './harness/aws-cli.ts';
import { launch, run } from './harness/command.ts';
import { describeWith } from './harness/parts.ts';
import { startThingd, type Thingd } from './harness/thingd.ts';

const roleArn = 'arn:aws:iam::000000000000:role/rules';

describeWith(['aws', 'mosquitto_pub', 'mosquitto_sub'], 'rules', () => {
  let thingd: Thingd;
  let aws: AwsCli;

  beforeAll(async () => {
    thingd = await startThingd({ command: 'dev' });
    aws = new AwsCli(thingd);
  });

  const createRule = (ruleName: string, payload: object) =>
    aws.json('iot', 'create-topic-rule', '--rule-name', ruleName, '--topic-rule-payload', JSON.stringify(payload));

  const republish = (topic: string, more: object = {}) => ({ republish: { roleArn, topic, ...more } });

  async function subscriber(topic: string, ...args: string[]) {
    const where = ['-h', thingd.endpoints.mqtt.host, '-p', String(thingd.endpoints.mqtt.port)];
    const running = launch('stdbuf', ['-oL', 'mosquitto_sub', ...where, '-t', topic, '-v', '-d', '-q', '1', ...args]);
    await running.prints('Subscribed (mid:');
    return running;
  }

  const publish = (topic: string, message: string, ...args: string[]) => {
    const where = ['-h', thingd.endpoints.mqtt.host, '-p', String(thingd.endpoints.mqtt.port)];
    return run('mosquitto_pub', [...where, '-t', topic, '-m', message, '-q', '1', ...args], { timeout: 10_000 });
  };

  test('a message that passes is republished under the topic its template makes', async () => {
    await createRule('warm', {
      sql: "SELECT temperature AS t, topic(2) AS room FROM 'rooms/+/data' WHERE temperature > 20",
      actions: [republish('warm/${topic(2)}', { qos: 1 })],
      awsIotSqlVersion: '2016-03-23',
    });
    const seen = await subscriber('warm/#');
    await publish('rooms/attic/data', '{"temperature":19}');
    await publish('rooms/kitchen/data', '{"temperature":23.5}');
    await seen.prints('warm/kitchen {"t":23.5,"room":"kitchen"}\n');
    expect(seen.stdout).not.toContain('attic');
    await seen.stop();
  });

  test('Basic Ingest reaches the rule by its name, and no subscriber', async () => {
    await createRule('ingested', {
      sql: 'SELECT *, topic() AS topic',
      actions: [republish('ingested/out')],
      awsIotSqlVersion: '2016-03-23',
    });
    const seen = await subscriber('ingested/#', '-t', '$aws/rules/#');
    const sent = await publish('$aws/rules/ingested/sensors/7', '{"n":1}', '-d');
    expect(sent.stdout).toContain('received PUBACK');
    await seen.prints('ingested/out {"n":1,"topic":"sensors/7"}\n');
    expect(seen.stdout).not.toContain('$aws/rules/ingested');
    await seen.stop();
  });
});
