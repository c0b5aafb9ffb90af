/** Rules whose actions call AWS's services: from mosquitto_pub to what the `aws` command finds in moto's S3, SQS, DynamoDB and others. */
import { beforeAll, describe, expect, test } from 'vitest';
import { AwsCli } from './harness/aws-cli.ts';
import { eventually } from './harness/eventually.ts';
import { describeWith } from './harness/parts.ts';
import { accountId, credentials, type RuleGround, roleArn, startMoto, startRules } from './harness/rule-ground.ts';

describeWith(['moto_server', 'aws', 'mosquitto_pub', 'mosquitto_sub'], 'actions on AWS services', () => {
  let ground: RuleGround;
  let aws: AwsCli;

  beforeAll(async () => {
    const endpoint = await startMoto();
    ground = await startRules({ AWS_ENDPOINT_URL: endpoint });
    aws = new AwsCli(ground.thingd, { ...credentials, AWS_ENDPOINT_URL: endpoint });
  }, 90_000);

  /** What a queue holds, taken from it, once it holds something. */
  const received = (queueUrl: string): Promise<string> =>
    eventually(
      `a message in ${queueUrl}`,
      async () => {
        const answer = await aws.json('sqs', 'receive-message', '--queue-url', queueUrl);
        return answer?.Messages?.[0]?.Body as string | undefined;
      },
      20_000,
    );
  const createQueue = async (name: string): Promise<string> =>
    (await aws.json('sqs', 'create-queue', '--queue-name', name)).QueueUrl;

  const recordsOf = async (streamName: string): Promise<{ Data: string; PartitionKey: string }[]> => {
    const shard = ['--stream-name', streamName, '--shard-id', 'shardId-000000000000'];
    const iterator = ['--shard-iterator-type', 'TRIM_HORIZON'];
    const { ShardIterator } = await aws.json('kinesis', 'get-shard-iterator', ...shard, ...iterator);
    return (await aws.json('kinesis', 'get-records', '--shard-iterator', ShardIterator)).Records;
  };

  const objectKeys = async (bucket: string): Promise<string[]> =>
    ((await aws.json('s3api', 'list-objects-v2', '--bucket', bucket))?.Contents ?? []).map(
      (object: { Key: string }) => object.Key,
    );
  const objectText = async (bucket: string, key: string): Promise<string> => {
    const { stdout } = await aws.run('s3', 'cp', `s3://${bucket}/${key}`, '-');
    return stdout;
  };

  const items = async (table: string): Promise<Record<string, unknown>[]> =>
    (await aws.json('dynamodb', 'scan', '--table-name', table)).Items;
  const someItems = (table: string) =>
    eventually(
      `items in ${table}`,
      async () => {
        const found = await items(table);
        return found.length > 0 && found;
      },
      20_000,
    );

  const deliveryStream = async (name: string): Promise<void> => {
    await aws.json('s3api', 'create-bucket', '--bucket', name);
    const configuration = JSON.stringify({ RoleARN: roleArn, BucketARN: `arn:aws:s3:::${name}` });
    const stream = ['--delivery-stream-name', name, '--extended-s3-destination-configuration', configuration];
    await aws.json('firehose', 'create-delivery-stream', ...stream);
  };
  const delivered = (bucket: string) =>
    eventually(
      `an object in ${bucket}`,
      async () => {
        const [key] = await objectKeys(bucket);
        return key !== undefined && (await objectText(bucket, key));
      },
      20_000,
    );

  describe('s3', () => {
    test('a location is kept as an object whose key has the time in it', async () => {
      await aws.json('s3api', 'create-bucket', '--bucket', 'locations');
      const key = 'iphone6-location-${timestamp()}';
      await ground.rule('toS3', "SELECT * FROM 'topic_1'", { s3: { roleArn, bucketName: 'locations', key } });
      await ground.publish('topic_1', '{"lat":35.6,"lon":139.70}');
      const [found] = await eventually(
        'an object',
        async () => {
          const keys = await objectKeys('locations');
          return keys.length > 0 && keys;
        },
        20_000,
      );
      expect(found).toMatch(/^iphone6-location-\d{13}$/);
      expect(await objectText('locations', found!)).toBe('{"lat":35.6,"lon":139.70}');
    });

    test('bytes that are not JSON stay as they are, and a canned ACL is set', async () => {
      await aws.json('s3api', 'create-bucket', '--bucket', 'raw');
      const s3 = { roleArn, bucketName: 'raw', key: '${topic(2)}/a b+c', cannedAcl: 'public-read' };
      await ground.rule('rawToS3', "SELECT * FROM 'raw/+'", { s3 });
      await ground.publish('raw/7', 'no json, ünïcode');
      await eventually('an object', async () => (await objectKeys('raw')).length > 0, 20_000);
      expect(await objectText('raw', '7/a b+c')).toBe('no json, ünïcode');
      const { Grants } = await aws.json('s3api', 'get-object-acl', '--bucket', 'raw', '--key', '7/a b+c');
      expect(Grants).toContainEqual({
        Grantee: { Type: 'Group', URI: 'http://acs.amazonaws.com/groups/global/AllUsers' },
        Permission: 'READ',
      });
    });

    test('a bucket that does not exist is not tried again: the error action is told', async () => {
      const seen = await ground.subscriber('failures');
      const errorAction = { republish: { roleArn, topic: 'failures' } };
      const s3 = { roleArn, bucketName: 'no-such-bucket', key: 'k' };
      await ground.rule('toNowhere', "SELECT * FROM 'nowhere'", { s3 }, errorAction);
      await ground.publish('nowhere', '{"n":1}');
      await seen.prints('"failures":[');
      const document = JSON.parse(seen.lines.find(line => line.startsWith('{'))!);
      expect(document).toMatchObject({
        ruleName: 'toNowhere',
        topic: 'nowhere',
        base64OriginalPayload: Buffer.from('{"n":1}').toString('base64'),
        failures: [{ failedAction: 'S3Action', failedResource: 'no-such-bucket' }],
      });
      expect(document.failures[0].errorMessage).toMatch(/^NoSuchBucket: /);
      await seen.stop();
    });
  });

  describe('sqs', () => {
    test('a queue gets what SELECT made', async () => {
      const queueUrl = await createQueue('plain');
      await ground.rule('toSqs', "SELECT t, topic(2) AS room FROM 'rooms/+'", { sqs: { roleArn, queueUrl } });
      await ground.publish('rooms/attic', '{"t":1.5,"other":true}');
      expect(await received(queueUrl)).toBe('{"t":1.5,"room":"attic"}');
    });

    test('with `useBase64` in base64', async () => {
      const queueUrl = await createQueue('encoded');
      await ground.rule('toSqs64', "SELECT * FROM 'encoded'", { sqs: { roleArn, queueUrl, useBase64: true } });
      await ground.publish('encoded', '{"a":1}');
      expect(await received(queueUrl)).toBe('eyJhIjoxfQ==');
    });

    test('a FIFO queue is refused when the rule is made', async () => {
      const queueUrl = 'https://sqs.us-east-1.amazonaws.com/123456789012/orders.fifo';
      const refusal = await ground.refusal('toFifo', { sqs: { roleArn, queueUrl } });
      expect(refusal).toContain('InvalidRequestException');
      expect(refusal).toContain('is a FIFO queue');
    });
  });

  describe('sns', () => {
    const subscribed = async (name: string): Promise<{ targetArn: string; queueUrl: string }> => {
      const { TopicArn } = await aws.json('sns', 'create-topic', '--name', name);
      const queueUrl = await createQueue(name);
      const endpoint = `arn:aws:sqs:us-east-1:${accountId}:${name}`;
      const to = ['--topic-arn', TopicArn, '--protocol', 'sqs', '--notification-endpoint', endpoint];
      await aws.json('sns', 'subscribe', ...to);
      return { targetArn: TopicArn, queueUrl };
    };

    test('subscribers of a topic get what SELECT made', async () => {
      const { targetArn, queueUrl } = await subscribed('plain-news');
      await ground.rule('toSns', "SELECT * FROM 'news'", { sns: { roleArn, targetArn } });
      await ground.publish('news', '{"a":1}');
      expect(JSON.parse(await received(queueUrl)).Message).toBe('{"a":1}');
    });

    test('with `messageFormat` JSON each protocol gets its own message', async () => {
      const { targetArn, queueUrl } = await subscribed('structured-news');
      const sns = { roleArn, targetArn, messageFormat: 'JSON' };
      await ground.rule('toSnsJson', "SELECT * FROM 'structured'", { sns });
      await ground.publish('structured', { default: 'for others', sqs: 'for queues' });
      expect(JSON.parse(await received(queueUrl)).Message).toBe('for queues');
    });
  });

  describe('dynamoDB and dynamoDBv2', () => {
    const createTable = (name: string, range?: string) =>
      aws.json(
        'dynamodb',
        'create-table',
        ...['--table-name', name, '--billing-mode', 'PAY_PER_REQUEST'],
        ...['--attribute-definitions', 'AttributeName=device,AttributeType=S'],
        ...(range ? [`AttributeName=${range},AttributeType=N`] : []),
        ...['--key-schema', 'AttributeName=device,KeyType=HASH'],
        ...(range ? [`AttributeName=${range},KeyType=RANGE`] : []),
      );
    const key = { hashKeyField: 'device', hashKeyValue: '${topic(2)}' };
    const range = { rangeKeyField: 'at', rangeKeyValue: '${at}', rangeKeyType: 'NUMBER' };

    test('an item has the key and, as one column, what SELECT made, number for number', async () => {
      await createTable('readings', 'at');
      const dynamoDB = { roleArn, tableName: 'readings', ...key, ...range, payloadField: 'body' };
      await ground.rule('toTable', "SELECT * FROM 'readings/+'", { dynamoDB });
      await ground.publish('readings/d1', '{"at":17,"big":12345678901234567890,"deep":{"list":[true,null,"x"]}}');
      expect(await someItems('readings')).toEqual([
        {
          device: { S: 'd1' },
          at: { N: '17' },
          body: {
            M: {
              at: { N: '17' },
              big: { N: '12345678901234567890' },
              deep: { M: { list: { L: [{ BOOL: true }, { NULL: true }, { S: 'x' }] } } },
            },
          },
        },
      ]);
    });

    test('bytes that are not JSON become a binary column', async () => {
      await createTable('bytes');
      const dynamoDB = { roleArn, tableName: 'bytes', ...key };
      await ground.rule('bytesToTable', "SELECT * FROM 'bytes/+'", { dynamoDB });
      await ground.publish('bytes/d1', 'not json');
      const payload = { B: Buffer.from('not json').toString('base64') };
      expect(await someItems('bytes')).toEqual([{ device: { S: 'd1' }, payload }]);
    });

    test('the operation DELETE takes an item away', async () => {
      await createTable('present');
      const operation = '${operation}';
      await ground.rule('presence', "SELECT * FROM 'presence/+'", {
        dynamoDB: { roleArn, tableName: 'present', ...key, operation },
      });
      await ground.publish('presence/d1', '{"operation":"INSERT"}');
      await someItems('present');
      await ground.publish('presence/d1', '{"operation":"DELETE"}');
      await eventually('no item is left', async () => (await items('present')).length === 0, 20_000);
    });

    test('with version 2 each member is a column', async () => {
      await createTable('wide');
      const dynamoDBv2 = { roleArn, putItem: { tableName: 'wide' } };
      await ground.rule('toColumns', "SELECT *, topic(2) AS device FROM 'wide/+'", { dynamoDBv2 });
      await ground.publish('wide/d2', '{"t":20.5,"ok":false}');
      expect(await someItems('wide')).toEqual([{ device: { S: 'd2' }, t: { N: '20.5' }, ok: { BOOL: false } }]);
    });
  });

  describe('kinesis and firehose', () => {
    test('a record has what SELECT made, and the key its template makes', async () => {
      await aws.json('kinesis', 'create-stream', '--stream-name', 'stream', '--shard-count', '1');
      const kinesis = { roleArn, streamName: 'stream', partitionKey: '${topic(2)}' };
      await ground.rule('toStream', "SELECT * FROM 'stream/+'", { kinesis });
      await ground.publish('stream/d1', '{"a":1}');
      const [record] = await eventually(
        'a record',
        async () => {
          const records = await recordsOf('stream');
          return records.length > 0 && records;
        },
        20_000,
      );
      expect(record).toMatchObject({ Data: 'eyJhIjoxfQ==', PartitionKey: 'd1' });
    });

    test('a delivery stream gets a record with its separator', async () => {
      await deliveryStream('lines');
      const firehose = { roleArn, deliveryStreamName: 'lines', separator: '\n' };
      await ground.rule('toFirehose', "SELECT * FROM 'lines'", { firehose });
      await ground.publish('lines', '[{"a":1}]');
      expect(await delivered('lines')).toBe('[{"a":1}]\n');
    });

    test('with `batchMode` each element is a record', async () => {
      await deliveryStream('batches');
      const firehose = { roleArn, deliveryStreamName: 'batches', separator: '\n', batchMode: true };
      await ground.rule('toFirehoses', "SELECT VALUE list FROM 'batches'", { firehose });
      await ground.publish('batches', '{"list":[{"a":12345678901234567890},{"a":2}]}');
      expect(await delivered('batches')).toBe('{"a":12345678901234567890}\n{"a":2}\n');
    });
  });

  test('telemetry in an envelope, published to the rule alone, goes to a table and to a stream, and a heartbeat to neither', async () => {
    const key = ['AttributeName=device,KeyType=HASH', 'AttributeName=at,KeyType=RANGE'];
    const attributes = ['AttributeName=device,AttributeType=S', 'AttributeName=at,AttributeType=N'];
    const table = ['--table-name', 'telemetry', '--billing-mode', 'PAY_PER_REQUEST', '--key-schema', ...key];
    await aws.json('dynamodb', 'create-table', ...table, '--attribute-definitions', ...attributes);
    await deliveryStream('telemetry');
    const sql = `SELECT event.source.deviceId AS device, event.at, event.data, topic() AS topic
      WHERE event.eventType = 'telemetry'`;
    await ground.rule('telemetry', sql, [
      { dynamoDBv2: { roleArn, putItem: { tableName: 'telemetry' } } },
      { firehose: { roleArn, deliveryStreamName: 'telemetry', separator: '\n' } },
    ]);
    const envelope = (eventType: string, at: number) => ({
      version: 1,
      event: { eventType, at, source: { deviceId: 'lamp-7', fleet: 'x' }, data: { power: 3.5, on: true } },
    });
    await ground.publish('$aws/rules/telemetry/lamps/7', envelope('heartbeat', 1700000000));
    await ground.publish('$aws/rules/telemetry/lamps/7', envelope('telemetry', 1700000001));
    expect(await someItems('telemetry')).toEqual([
      {
        device: { S: 'lamp-7' },
        at: { N: '1700000001' },
        data: { M: { power: { N: '3.5' }, on: { BOOL: true } } },
        topic: { S: 'lamps/7' },
      },
    ]);
    expect(await delivered('telemetry')).toBe(
      '{"device":"lamp-7","at":1700000001,"data":{"power":3.5,"on":true},"topic":"lamps/7"}\n',
    );
  });

  describe('cloudwatchMetric, cloudwatchAlarm and cloudwatchLogs', () => {
    test('a metric gets the value, at the time given', async () => {
      const at = Math.floor(Date.now() / 1000) - 60;
      const cloudwatchMetric = {
        roleArn,
        metricNamespace: 'rooms',
        metricName: '${topic(2)}',
        metricUnit: 'Count',
        metricValue: '${people}',
        metricTimestamp: '${at}',
      };
      await ground.rule('toMetric', "SELECT * FROM 'people/+'", { cloudwatchMetric });
      await ground.publish('people/hall', { people: 12, at });
      const span = ['--start-time', String(at - 120), '--end-time', String(at + 120), '--period', '60'];
      const metric = ['--namespace', 'rooms', '--metric-name', 'hall', '--statistics', 'Sum'];
      const [point] = await eventually(
        'a datapoint',
        async () => {
          const { Datapoints } = await aws.json('cloudwatch', 'get-metric-statistics', ...metric, ...span);
          return Datapoints.length > 0 && Datapoints;
        },
        20_000,
      );
      expect(point).toMatchObject({ Sum: 12, Unit: 'Count' });
    });

    test('a value that is no number is refused when the rule is made', async () => {
      const metric = { roleArn, metricNamespace: 'n', metricName: 'm', metricUnit: 'Count', metricValue: 'many' };
      const refusal = await ground.refusal('noMetric', { cloudwatchMetric: metric });
      expect(refusal).toContain('`metricValue` expects a number, not `many`');
    });

    test('an alarm gets the state a template makes', async () => {
      const rest = ['--comparison-operator', 'GreaterThanThreshold', '--evaluation-periods', '1'];
      const of = ['--namespace', 'rooms', '--metric-name', 'hall', '--period', '60', '--statistic', 'Sum'];
      await aws.json('cloudwatch', 'put-metric-alarm', '--alarm-name', 'full', ...of, ...rest, '--threshold', '5');
      const cloudwatchAlarm = {
        roleArn,
        alarmName: 'full',
        stateReason: '${people} people',
        stateValue: "${CASE people > 10 WHEN true THEN 'ALARM' ELSE 'OK' END}",
      };
      await ground.rule('toAlarm', "SELECT * FROM 'alarms'", { cloudwatchAlarm });
      await ground.publish('alarms', '{"people":11}');
      await eventually(
        'the alarm rings',
        async () => {
          const { MetricAlarms } = await aws.json('cloudwatch', 'describe-alarms', '--alarm-names', 'full');
          const [{ StateValue, StateReason }] = MetricAlarms;
          return StateValue === 'ALARM' && StateReason === '11 people';
        },
        20_000,
      );
    });

    const eventsOf = async (group: string): Promise<{ timestamp: number; message: string }[]> =>
      (await aws.json('logs', 'filter-log-events', '--log-group-name', group)).events;
    const someEvents = (group: string) =>
      eventually(
        `events in ${group}`,
        async () => {
          const events = await eventsOf(group);
          return events.length > 0 && events.map(({ timestamp, message }) => ({ timestamp, message }));
        },
        20_000,
      );

    test('a log group gets an event, in a stream that comes about by itself', async () => {
      await aws.json('logs', 'create-log-group', '--log-group-name', 'rooms');
      await ground.rule('toLog', "SELECT * FROM 'logged'", { cloudwatchLogs: { roleArn, logGroupName: 'rooms' } });
      const before = Date.now();
      await ground.publish('logged', '{"a":1}');
      const [event] = await someEvents('rooms');
      expect(event!.message).toBe('{"a":1}');
      expect(event!.timestamp).toBeGreaterThanOrEqual(before - 1000);
    });

    test('with `batchMode` each element is an event, in the order of time', async () => {
      await aws.json('logs', 'create-log-group', '--log-group-name', 'batch');
      const cloudwatchLogs = { roleArn, logGroupName: 'batch', batchMode: true };
      await ground.rule('toLogs', "SELECT VALUE * FROM 'logged/batch'", { cloudwatchLogs });
      const now = Date.now();
      const [first, second] = [
        { timestamp: now - 2000, message: 'first' },
        { timestamp: now - 1000, message: 'second' },
      ];
      await ground.publish('logged/batch', [second, first]);
      expect(await someEvents('batch')).toEqual([first, second]);
    });
  });

  test('a state machine starts an execution with what SELECT made', async () => {
    const definition = JSON.stringify({ StartAt: 'End', States: { End: { Type: 'Pass', End: true } } });
    const { stateMachineArn } = await aws.json(
      'stepfunctions',
      'create-state-machine',
      ...['--name', 'machine', '--definition', definition, '--role-arn', roleArn],
    );
    const stepFunctions = { roleArn, stateMachineName: 'machine', executionNamePrefix: '${topic(2)}-' };
    await ground.rule('toMachine', "SELECT * FROM 'machines/+'", { stepFunctions });
    await ground.publish('machines/m1', '{"a":1}');
    const [execution] = await eventually(
      'an execution',
      async () => {
        const { executions } = await aws.json(
          'stepfunctions',
          'list-executions',
          '--state-machine-arn',
          stateMachineArn,
        );
        return executions.length > 0 && executions;
      },
      20_000,
    );
    expect(execution.name).toMatch(/^m1-[0-9a-f-]{36}$/);
    const arn = ['--execution-arn', execution.executionArn];
    expect((await aws.json('stepfunctions', 'describe-execution', ...arn)).input).toBe('{"a":1}');
  });
});
