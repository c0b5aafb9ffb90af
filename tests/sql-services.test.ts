/** Functions of the rules' SQL that ask AWS: items, secrets and descriptors that the `aws` command put into moto; Lambda by a stand-in. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { descriptors, reading } from '../packages/core/src/rules/sql/protobuf/fixtures.ts';
import { AwsCli } from './harness/aws-cli.ts';
import { type Running, run } from './harness/command.ts';
import { temporaryDirectory } from './harness/directory.ts';
import { eventually } from './harness/eventually.ts';
import { type HttpTarget, openHttpTarget } from './harness/http-target.ts';
import { describeWith } from './harness/parts.ts';
import { accountId, credentials, type RuleGround, roleArn, startMoto, startRules } from './harness/rule-ground.ts';
import { thingd as thingdCommand } from './harness/thingd.ts';

/** A rule that sends on what its statement makes, and who hears it. */
async function asked(ground: RuleGround, ruleName: string, select: string): Promise<Running> {
  const seen = await ground.subscriber(`answers/${ruleName}`);
  const republish = { republish: { roleArn, topic: `answers/${ruleName}` } };
  await ground.rule(ruleName, `SELECT ${select} FROM '${ruleName}/+'`, republish);
  return seen;
}

const logs = (ground: RuleGround, text: string) =>
  eventually(`the log has ${text}`, () => logOf(ground).includes(text), 10_000);
const logOf = ({ thingd: { child } }: RuleGround): string => child.stdout + child.stderr;

describeWith(['moto_server', 'aws', 'mosquitto_pub', 'mosquitto_sub'], 'SQL that asks services of AWS', () => {
  let ground: RuleGround;
  let aws: AwsCli;
  let directory: string;

  beforeAll(async () => {
    const endpoint = await startMoto();
    ground = await startRules({ AWS_ENDPOINT_URL: endpoint });
    aws = new AwsCli(ground.thingd, { ...credentials, AWS_ENDPOINT_URL: endpoint });
    directory = await temporaryDirectory('thingd-services-');
  }, 90_000);

  describe('get_dynamodb', () => {
    beforeAll(async () => {
      const table = ['--table-name', 'lamps', '--billing-mode', 'PAY_PER_REQUEST'];
      const attributes = ['AttributeName=id,AttributeType=S', 'AttributeName=room,AttributeType=N'];
      const keys = ['AttributeName=id,KeyType=HASH', 'AttributeName=room,KeyType=RANGE'];
      await aws.json(
        ...['dynamodb', 'create-table', ...table],
        ...['--attribute-definitions', ...attributes, '--key-schema', ...keys],
      );
      const item = {
        id: { S: 'lamp-1' },
        room: { N: '7' },
        serial: { N: '12345678901234567890' },
        owner: { M: { name: { S: 'Ada' }, tags: { L: [{ BOOL: true }, { NULL: true }] } } },
      };
      await aws.json('dynamodb', 'put-item', '--table-name', 'lamps', '--item', JSON.stringify(item));
    }, 30_000);

    test('reads an item by both its keys, number for number', async () => {
      const call = `get_dynamodb('lamps', 'id', topic(2), 'room', room, '${roleArn}')`;
      const seen = await asked(ground, 'items', `${call} AS lamp`);
      await ground.publish('items/lamp-1', { room: 7 });
      await seen.prints('"serial":12345678901234567890');
      const answer = JSON.parse(seen.lines.find(line => line.startsWith('{'))!);
      expect(answer.lamp).toMatchObject({ id: 'lamp-1', room: 7, owner: { name: 'Ada', tags: [true, null] } });
      await seen.stop();
    });

    test('fails the rule where there is no such item', async () => {
      const call = `get_dynamodb('lamps', 'id', topic(2), 'room', 1, '${roleArn}')`;
      await asked(ground, 'missing', `${call} AS lamp`);
      await ground.publish('missing/lamp-9', '{}');
      await logs(ground, 'the table `lamps` has no such item');
    });
  });

  describe('get_secret', () => {
    beforeAll(async () => {
      const json = JSON.stringify({ attic: 'tok-5ec2e7', cellar: 'tok-other' });
      const create = ['secretsmanager', 'create-secret', '--name'];
      const file = join(directory, 'secret.bin');
      await writeFile(file, Buffer.from([1, 2, 255]));
      await Promise.all([
        aws.json(...create, 'tokens', '--secret-string', json),
        aws.json(...create, 'plain', '--secret-string', 'open sesame'),
        aws.json(...create, 'binary', '--secret-binary', `fileb://${file}`),
      ]);
    }, 30_000);

    test('answers strings, keys of JSON and bytes', async () => {
      const select = [
        `get_secret('plain', 'SecretString', '${roleArn}') AS plain`,
        `get_secret('tokens', 'SecretString', 'cellar', '${roleArn}') AS member`,
        `get_secret('binary', 'SecretBinary', '${roleArn}') AS bytes`,
      ].join(', ');
      const seen = await asked(ground, 'secrets', select);
      await ground.publish('secrets/a', '{}');
      await seen.prints('{"plain":"open sesame","member":"tok-other","bytes":"AQL/"}');
      await seen.stop();
    });

    test('gives a header its token, and nobody sees it in a trace or in the log', async () => {
      const target = await openHttpTarget();
      const value = `Bearer \${get_secret('tokens', 'SecretString', topic(2), '${roleArn}')}`;
      const http = { url: `${target.url}/in`, headers: [{ key: 'Authorization', value }] };
      await ground.rule('hook', "SELECT * FROM 'hook/+'", { http });
      const { enableUrl } = await eventually('a challenge', () => target.challenge);
      await fetch(enableUrl);
      await ground.publish('hook/attic', '{"n":1}');
      const [call] = await eventually('a call', () => target.calls.length > 0 && target.calls);
      expect(call!.headers.authorization).toBe('Bearer tok-5ec2e7');
      const shown = await eventually('its trace', async () => {
        const where = ['--json', '--data-dir', ground.thingd.dataDir];
        const { stdout: text } = await thingdCommand(['rules', 'traces', 'hook', ...where]);
        return text.includes('succeeded') && text;
      });
      expect(shown).toContain('Bearer ${get_secret(');
      expect(shown).not.toContain('tok-5ec2e7');
      expect(logOf(ground)).not.toContain('tok-5ec2e7');
    });

    test('that does not exist lets the action fail with AWS’s words', async () => {
      const seen = await ground.subscriber('secret-failures');
      const errorAction = { republish: { roleArn, topic: 'secret-failures' } };
      const topic = `x/\${get_secret('no-such', 'SecretString', '${roleArn}')}`;
      await ground.rule('noSecret', "SELECT * FROM 'no-secret'", { republish: { roleArn, topic } }, errorAction);
      await ground.publish('no-secret', '{}');
      await seen.prints('`get_secret` failed: ResourceNotFoundException');
      await seen.stop();
    });
  });

  test('decode reads protobuf by a descriptor that lies in S3', async () => {
    const [descriptorFile, messageFile] = [join(directory, 'reading.desc'), join(directory, 'reading.bin')];
    await writeFile(descriptorFile, descriptors);
    await writeFile(messageFile, reading);
    await aws.json('s3api', 'create-bucket', '--bucket', 'descriptors');
    const object = ['--bucket', 'descriptors', '--key', 'fleet/reading.desc', '--body', descriptorFile];
    await aws.json('s3api', 'put-object', ...object);
    const decode = "decode(*, 'proto', 'descriptors', 'fleet/reading.desc', 'reading', 'Reading')";
    const seen = await asked(ground, 'protobuf', `${decode}.deviceId AS id, ${decode}.mode AS mode`);
    for (const _ of ['asked for', 'kept']) {
      const published = await run('mosquitto_pub', [...ground.where, '-t', 'protobuf/a', '-q', '1', '-f', messageFile]);
      expect(published.exit).toBe(0);
    }
    await eventually('two answers', () => seen.stdout.match(/\{"id":"lämp-1","mode":"HEAT"\}/g)?.length === 2, 10_000);
    await seen.stop();
  });

  test('a service that AWS has retired is said to be', async () => {
    const seen = await asked(ground, 'oracle', `get_or_default(machinelearning_predict('m', '${roleArn}', *), 0) AS p`);
    await ground.publish('oracle/a', '{"a":1}');
    await seen.prints('{"p":0}');
    await seen.stop();
  });
});

describeWith(['aws', 'mosquitto_pub', 'mosquitto_sub'], 'aws_lambda of a function that is mapped to no file', () => {
  const functionArn = `arn:aws:lambda:eu-west-1:${accountId}:function:model:live`;
  let server: HttpTarget;
  let ground: RuleGround;
  let seen: Running;

  beforeAll(async () => {
    server = await openHttpTarget();
    ground = await startRules({ AWS_ENDPOINT_URL: server.url });
    seen = await asked(
      ground,
      'lambda',
      `get_or_default(aws_lambda('${functionArn}', {'n': n}), 'failed') AS answer, n`,
    );
    await asked(ground, 'strict', `aws_lambda('${functionArn}', *) AS answer`);
  }, 60_000);
  beforeEach(() => {
    server.received.length = 0;
  });

  test('invokes it and waits for its answer', async () => {
    server.answers.push({ body: '{"score":0.25,"id":12345678901234567890}' });
    await ground.publish('lambda/a', '{"n":1}');
    await seen.prints('{"answer":{"score":0.25,"id":12345678901234567890},"n":1}');
    const [{ path, headers, body }] = server.received as [HttpTarget['received'][number]];
    expect(decodeURIComponent(path)).toBe(`/2015-03-31/functions/${functionArn}/invocations`);
    expect(body).toBe('{"n":1}');
    expect(headers['x-amz-invocation-type']).toBe('RequestResponse');
    expect(headers.authorization).toContain('/eu-west-1/lambda/aws4_request');
  });

  test('fails with what the function threw', async () => {
    const error = { errorType: 'ValueError', errorMessage: 'no such lamp', trace: [] };
    server.answers.push({ headers: { 'x-amz-function-error': 'Unhandled' }, body: JSON.stringify(error) });
    await ground.publish('strict/a', '{"n":2}');
    await logs(ground, '`aws_lambda` failed: ValueError: no such lamp');
  });

  test('waits for 2 seconds and no longer', async () => {
    server.answers.push('nothing');
    await ground.publish('strict/a', '{"n":3}');
    await logs(ground, '`aws_lambda` failed: no answer within 2000 ms');
  });

  test('fails with an answer that is not JSON, and where Lambda refuses', async () => {
    server.answers.push({ body: 'plain' }, 403);
    await ground.publish('lambda/a', '{"n":4}');
    await ground.publish('lambda/a', '{"n":5}');
    await seen.prints('{"answer":"failed","n":4}');
    await seen.prints('{"answer":"failed","n":5}');
  });
});
