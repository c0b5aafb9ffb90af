/** Rules through the `aws` command and mosquitto's clients: from CreateTopicRule to what a subscriber or an HTTP server gets. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { beforeAll, describe, expect, test } from 'vitest';
import { AwsCli } from './harness/aws-cli.ts';
import { launch, type Running, run } from './harness/command.ts';
import { createDevice } from './harness/device.ts';
import { temporaryDirectory } from './harness/directory.ts';
import { eventually } from './harness/eventually.ts';
import { type HttpTarget, openHttpTarget } from './harness/http-target.ts';
import { describeWith } from './harness/parts.ts';
import { tracesOf } from './harness/rule-ground.ts';
import { node, program, startThingd, type Thingd, thingd as thingdCommand } from './harness/thingd.ts';
import { startWitness } from './harness/witness.ts';

const roleArn = 'arn:aws:iam::000000000000:role/rules';
const version = { awsIotSqlVersion: '2016-03-23' };
const republish = (topic: string, more: object = {}) => ({ republish: { roleArn, topic, ...more } });

const kerberized = {
  destinationArn: 'arn:aws:iot:us-east-1:000000000000:ruledestination/vpc/any',
  topic: 't',
  clientProperties: {
    'bootstrap.servers': '127.0.0.1:9092',
    'security.protocol': 'SASL_SSL',
    'sasl.mechanism': 'GSSAPI',
  },
};

const handlerFile = (edition: string): string => `exports.handler = (event, context, callback) => {
  console.log('printed by the function', context.functionName);
  callback(null, { edition: '${edition}', said: event.text });
};
`;

class Ground {
  readonly thingd: Thingd;
  readonly aws: AwsCli;

  constructor(thingd: Thingd) {
    this.thingd = thingd;
    this.aws = new AwsCli(thingd);
  }

  async createRule(ruleName: string, payload: object): Promise<void> {
    const rule = JSON.stringify({ ...version, ...payload });
    await this.aws.json('iot', 'create-topic-rule', '--rule-name', ruleName, '--topic-rule-payload', rule);
  }

  get broker(): string[] {
    const { host, port } = this.thingd.endpoints.mqtt;
    return ['-h', host, '-p', String(port)];
  }

  async subscriber(topic: string, ...args: string[]): Promise<Running> {
    const line = ['-oL', 'mosquitto_sub', ...this.broker, '-t', topic, '-v', '-d', '-q', '1', ...args];
    const running = launch('stdbuf', line);
    await running.prints('Subscribed (mid:');
    return running;
  }

  async publish(topic: string, message: string, ...args: string[]) {
    const line = [...this.broker, '-t', topic, '-m', message, '-q', '1', ...args];
    return run('mosquitto_pub', line, { timeout: 10_000 });
  }

  traces(rule: string) {
    return tracesOf(this.thingd, rule);
  }
}

describeWith(['aws', 'mosquitto_pub', 'mosquitto_sub'], 'rules', () => {
  let ground: Ground;
  let functions: string;

  beforeAll(async () => {
    functions = await temporaryDirectory('thingd-functions-');
    const chat = join(functions, 'chat.js');
    await writeFile(chat, handlerFile('first'));
    const args = ['--function', `chat=${chat}`];
    ground = new Ground(await startThingd({ command: 'dev', args }));
  });

  test('a message that passes is republished under the topic its template makes', async () => {
    await ground.createRule('warm', {
      sql: "SELECT temperature AS t, topic(2) AS room FROM 'rooms/+/data' WHERE temperature > 20",
      actions: [republish('warm/${topic(2)}', { qos: 1 })],
    });
    const seen = await ground.subscriber('warm/#');
    await ground.publish('rooms/attic/data', '{"temperature":19}');
    await ground.publish('rooms/kitchen/data', '{"temperature":23.5}');
    await seen.prints('warm/kitchen {"t":23.5,"room":"kitchen"}\n');
    expect(seen.stdout).toMatch(/received PUBLISH \(d0, q1, r0, m\d+, 'warm\/kitchen'/);
    expect(seen.stdout).not.toContain('attic');
    await seen.stop();
    const [passed, keptOut] = await ground.traces('warm');
    expect(passed).toMatchObject({
      topic: 'rooms/kitchen/data',
      passed: true,
      where: 'true',
      output: '{"t":23.5,"room":"kitchen"}',
      actions: [{ kind: 'republish', state: 'succeeded', parameters: { topic: 'warm/kitchen' }, attemptCount: 1 }],
    });
    expect(keptOut).toMatchObject({ topic: 'rooms/attic/data', passed: false, where: 'false', actions: [] });
  });

  test('Basic Ingest reaches the rule by its name, and no subscriber', async () => {
    await ground.createRule('ingested', { sql: 'SELECT *, topic() AS topic', actions: [republish('ingested/out')] });
    const seen = await ground.subscriber('ingested/#', '-t', '$aws/rules/#');
    const sent = await ground.publish('$aws/rules/ingested/sensors/7', '{"n":1}', '-d');
    expect(sent.stdout).toContain('received PUBACK');
    await seen.prints('ingested/out {"n":1,"topic":"sensors/7"}\n');
    expect(seen.stdout).not.toContain('$aws/rules/ingested');
    await seen.stop();
  });

  test('a rule writes a shadow by its reserved topic, and a disabled rule does nothing', async () => {
    await ground.createRule('toShadow', {
      sql: "SELECT {'t': t} AS state.reported FROM 'lab/t'",
      actions: [republish('$$aws/things/${clientid()}/shadow/update', { qos: 1 })],
    });
    await ground.publish('lab/t', '{"t":4}', '-i', 'd1');
    const shadow = await eventually(
      'a shadow',
      async () => {
        const file = join(functions, 'shadow.json');
        await ground.aws.json('iot-data', 'get-thing-shadow', '--thing-name', 'd1', file);
        return run('cat', [file]);
      },
      10_000,
    );
    expect(JSON.parse(shadow.stdout)).toMatchObject({ state: { reported: { t: 4 } } });

    await ground.aws.json('iot', 'disable-topic-rule', '--rule-name', 'toShadow');
    await ground.publish('lab/t', '{"t":5}', '-i', 'd2');
    const refused = await ground.aws.failure('iot-data', 'get-thing-shadow', '--thing-name', 'd2', '/dev/null');
    expect(refused).toContain('ResourceNotFoundException');
    await ground.aws.json('iot', 'enable-topic-rule', '--rule-name', 'toShadow');
    expect(await ground.aws.json('iot', 'get-topic-rule', '--rule-name', 'toShadow')).toMatchObject({
      ruleArn: expect.stringMatching(/:rule\/toShadow$/),
      rule: { ruleName: 'toShadow', ruleDisabled: false, ...version },
    });
  });

  test('rules are listed by page and by topic, replaced, tagged and deleted', async () => {
    for (const name of ['pageA', 'pageB', 'pageC']) {
      await ground.createRule(name, { sql: `SELECT * FROM 'paged/${name}'`, actions: [] });
    }
    const list = async (...args: string[]) => (await ground.aws.json('iot', 'list-topic-rules', ...args)).rules;
    const names = (rules: { ruleName: string }[]) => rules.map(({ ruleName }) => ruleName);
    expect(names(await list('--page-size', '2'))).toEqual(expect.arrayContaining(['pageA', 'pageB', 'pageC']));
    expect(await list('--topic', 'paged/pageB')).toMatchObject([{ ruleName: 'pageB', topicPattern: 'paged/pageB' }]);
    const replaced = JSON.stringify({ sql: "SELECT a FROM 'other'", actions: [], description: 'new', ...version });
    await ground.aws.json('iot', 'replace-topic-rule', '--rule-name', 'pageA', '--topic-rule-payload', replaced);
    const { rule, ruleArn } = await ground.aws.json('iot', 'get-topic-rule', '--rule-name', 'pageA');
    expect(rule).toMatchObject({ sql: "SELECT a FROM 'other'", description: 'new' });
    await ground.aws.json('iot', 'tag-resource', '--resource-arn', ruleArn, '--tags', 'Key=team,Value=a');
    expect(await ground.aws.json('iot', 'list-tags-for-resource', '--resource-arn', ruleArn)).toEqual({
      tags: [{ Key: 'team', Value: 'a' }],
    });
    const tagged = JSON.stringify({ sql: "SELECT * FROM 'tagged'", actions: [] });
    const create = ['create-topic-rule', '--rule-name', 'tagged', '--topic-rule-payload', tagged, '--tags', 'a=1&b=2'];
    await ground.aws.json('iot', ...create);
    const taggedArn = ruleArn.replace('pageA', 'tagged');
    expect(await ground.aws.json('iot', 'list-tags-for-resource', '--resource-arn', taggedArn)).toEqual({
      tags: [
        { Key: 'a', Value: '1' },
        { Key: 'b', Value: '2' },
      ],
    });
    await ground.aws.json('iot', 'delete-topic-rule', '--rule-name', 'pageA');
    expect(await ground.aws.failure('iot', 'get-topic-rule', '--rule-name', 'pageA')).toContain(
      'UnauthorizedException',
    );
  });

  test.each([
    ['bad SQL', { sql: "SELECT FROM 'a'", actions: [] }, 'SqlParseException'],
    [
      'an unknown version',
      { sql: "SELECT * FROM 'a'", actions: [], awsIotSqlVersion: '1999' },
      'InvalidRequestException',
    ],
    [
      'eleven actions',
      { sql: "SELECT * FROM 'a'", actions: Array(11).fill(republish('x')) },
      'InvalidRequestException',
    ],
    ['a bad template', { sql: "SELECT * FROM 'a'", actions: [republish('x/${topic(')] }, 'SqlParseException'],
    [
      'a reserved topic without escape',
      { sql: "SELECT * FROM 'a'", actions: [republish('$aws/x')] },
      'InvalidRequestException',
    ],
    [
      'an error action with batches',
      {
        sql: "SELECT * FROM 'a'",
        actions: [],
        errorAction: { http: { url: 'https://hooks.example', batchConfig: { maxBatchSize: 2 } } },
      },
      'InvalidRequestException',
    ],
    ['Basic Ingest in FROM', { sql: "SELECT * FROM '$aws/rules/#'", actions: [] }, 'InvalidRequestException'],
    [
      'a mechanism nobody speaks yet',
      { sql: "SELECT * FROM 'a'", actions: [{ kafka: kerberized }] },
      'NotImplementedException',
    ],
  ])('%s is refused', async (_, payload, error) => {
    const rule = JSON.stringify(payload);
    const refused = ground.aws.failure('iot', 'create-topic-rule', '--rule-name', 'bad', '--topic-rule-payload', rule);
    expect(await refused).toContain(error);
  });

  test('a name that is taken is refused', async () => {
    await ground.createRule('taken', { sql: "SELECT * FROM 'taken'", actions: [] });
    const again = ground.createRule('taken', { sql: "SELECT * FROM 'taken'", actions: [] });
    await expect(again).rejects.toThrow('ResourceAlreadyExistsException');
  });

  test('a rule that feeds itself is stopped, and its trace says so', async () => {
    const seen = await ground.subscriber('loops');
    await ground.createRule('loop', {
      sql: "SELECT n FROM 'loop'",
      actions: [republish('loop', { qos: 1 })],
      errorAction: republish('loops', { qos: 1 }),
    });
    await ground.publish('loop', '{"n":1}');
    const traces = await eventually(
      'the last round',
      async () => {
        const all = await ground.traces('loop');
        return all.some(({ actions }) => actions[0].state === 'failed') && all;
      },
      15_000,
    );
    expect(traces).toHaveLength(11);
    expect(traces.find(({ actions }) => actions[0].state === 'failed').actions[0].error).toContain('feed itself');
    await seen.prints('feed itself');
  });

  test('a URL is called once its owner has confirmed it, and again when it answers 500', async () => {
    const target = await openHttpTarget();
    await ground.createRule('hook', {
      sql: "SELECT n FROM 'hook'",
      actions: [{ http: { url: `${target.url}/in`, headers: [{ key: 'X-Topic', value: '${topic()}' }] } }],
    });
    const destinations = async () =>
      (await ground.aws.json('iot', 'list-topic-rule-destinations')).destinationSummaries;
    const httpUrlSummary = { confirmationUrl: `${target.url}/in` };
    expect(await destinations()).toMatchObject([{ status: 'IN_PROGRESS', httpUrlSummary }]);
    await target.confirm();
    expect(target.received).toHaveLength(1);
    expect(await destinations()).toMatchObject([{ status: 'ENABLED', httpUrlSummary }]);
    target.answers.push(500, 500, 200);
    await ground.publish('hook', '{"n":1}');
    await eventually('three calls', () => target.calls.length === 3);
    expect(target.calls[2]).toMatchObject({
      body: '{"n":1}',
      headers: { 'content-type': 'application/json', 'x-topic': 'hook' },
    });
    const [{ actions }] = await ground.traces('hook');
    const attempts = [{ response: '500', retryIn: expect.any(Number) }, { response: '500' }, { response: '200' }];
    expect(actions).toMatchObject([{ state: 'succeeded', attemptCount: 3, attempts }]);
  });

  test('an action that is refused leads to the error action, and the others go on', async () => {
    const target = await openHttpTarget();
    await ground.createRule('mixed', {
      sql: "SELECT n FROM 'mixed'",
      actions: [{ http: { url: `${target.url}/in` } }, republish('mixed/out')],
      errorAction: republish('mixed/errors', { qos: 1 }),
    });
    await target.confirm();
    target.answers.push(404);
    const seen = await ground.subscriber('mixed/#');
    await ground.publish('mixed', '{"n":1}', '-i', 'sensor');
    await seen.prints('mixed/out {"n":1}\n');
    await seen.prints(/mixed\/errors (.*)\n/);
    const document = JSON.parse(/mixed\/errors (.*)\n/.exec(seen.stdout)![1]!);
    expect(document).toMatchObject({
      ruleName: 'mixed',
      topic: 'mixed',
      clientId: 'sensor',
      base64OriginalPayload: Buffer.from('{"n":1}').toString('base64'),
      failures: [{ failedAction: 'HttpAction', failedResource: `${target.url}/in` }],
    });
    expect(document.failures[0].errorMessage).toContain('404');
    expect(target.calls).toHaveLength(1);
    await seen.stop();
  });

  test('batches are one POST of a list, with the headers of the last message; one that fails is told of once', async () => {
    const target = await openHttpTarget();
    const headers = [
      { key: 'X-Number', value: '${n}' },
      { key: 'Content-Type', value: 'text/plain' },
    ];
    const batchConfig = { maxBatchSize: 3, maxBatchOpenMs: 200 };
    await ground.createRule('batched', {
      sql: "SELECT * FROM 'batched/+'",
      actions: [{ http: { url: `${target.url}/in`, headers, enableBatching: true, batchConfig } }],
      errorAction: republish('errors/batched', { qos: 1 }),
    });
    await target.confirm();
    const client = await connectAsync(ground.thingd.endpoints.mqtt.url, { clientId: 'batcher' });
    const publish = (...numbers: number[]) =>
      Promise.all(numbers.map(n => client.publishAsync('batched/a', `{"n":${n}}`, { qos: 1 })));
    target.answers.push(500);
    await publish(1, 2, 3, 4);
    await eventually('a batch, again, and what is left', () => target.calls.length === 3);
    const whole = {
      body: '[{"n":1},{"n":2},{"n":3}]',
      headers: { 'content-type': 'application/json', 'x-number': '3' },
    };
    expect(target.calls.filter(({ body }) => body !== '[{"n":4}]')).toMatchObject([whole, whole]);

    const seen = await ground.subscriber('errors/batched');
    target.refusing = 404;
    await publish(5, 6, 7);
    await client.publishAsync('batched/a', Buffer.from([0xff, 0xfe]), { qos: 1 });
    await client.endAsync();
    await eventually('two documents', () => seen.stdout.match(/payloadsWithMetadata/g)?.length === 2);
    await seen.stop();
    const told = [...seen.stdout.matchAll(/errors\/batched (.*)\n/g)].map(([, text]) => JSON.parse(text!));
    const ofBatch = told.find(({ payloadsWithMetadata }) => payloadsWithMetadata.length === 3);
    expect(ofBatch).toMatchObject({
      ruleName: 'batched',
      topic: 'batched/a',
      payloadsWithMetadata: [5, 6, 7].map((n, index) => ({
        id: index + 1,
        clientId: 'batcher',
        base64OriginalPayload: Buffer.from(`{"n":${n}}`).toString('base64'),
      })),
      failures: [{ affectedIds: [1, 2, 3], failedAction: 'HttpAction', failedResource: `${target.url}/in` }],
    });
    expect(told.find(document => document !== ofBatch).failures[0].errorMessage).toContain('no UTF-8 text');
    expect(target.calls).toHaveLength(4);
  });

  test('a function runs here, is asked by SQL, and is loaded again when its file changes', async () => {
    const functionArn = 'arn:aws:lambda:us-east-1:000000000000:function:chat';
    await ground.createRule('chat', {
      sql: `SELECT aws_lambda('${functionArn}', {'text': text}) AS answer FROM 'chat'`,
      actions: [republish('chat/out'), { lambda: { functionArn } }],
    });
    const seen = await ground.subscriber('chat/out');
    await ground.publish('chat', '{"text":"hello"}');
    await seen.prints('chat/out {"answer":{"edition":"first","said":"hello"}}\n');
    await eventually('the action', async () => (await ground.traces('chat'))[0].actions[1].state === 'succeeded');
    await writeFile(join(functions, 'chat.js'), handlerFile('second edition'));
    await ground.publish('chat', '{"text":"again"}');
    await seen.prints('chat/out {"answer":{"edition":"second edition","said":"again"}}\n');
    await seen.stop();
    expect(ground.thingd.child.stderr).toContain('printed by the function');
  });

  test('traces are followed as messages come', async () => {
    await ground.createRule('watched', { sql: "SELECT n FROM 'watched' WHERE n > 1", actions: [republish('seen')] });
    const where = ['--json', '--data-dir', ground.thingd.dataDir];
    const following = launch(node, [program, 'rules', 'traces', 'watched', '--follow', ...where]);
    await eventually(
      'a trace',
      async () => {
        await ground.publish('watched', '{"n":2}');
        return following.lines.some(line => JSON.parse(line).actions[0].state === 'succeeded');
      },
      15_000,
    );
    await following.stop();
  });

  test('metrics count what rules did', async () => {
    const metrics = await (await fetch(`${ground.thingd.endpoints.http.url}/metrics`)).text();
    const labels = 'realm="000000000000/us-east-1",rule="warm"';
    expect(metrics).toContain(`thingd_rule_matched_total{${labels}} 2`);
    expect(metrics).toContain(`thingd_rule_passed_total{${labels}} 1`);
    expect(metrics).toContain(`thingd_rule_actions_total{${labels},action="republish",result="success"} 1`);
  });
});

describeWith(['aws', 'mosquitto_pub'], 'an action whose target is away', () => {
  /** Publishes `count` messages at QoS 1, many at once; answers the longest time an acknowledgement took, in ms. */
  async function publishAll(thingd: Thingd, topic: string, count: number, from = 0, pad = ''): Promise<number> {
    const client = await connectAsync(thingd.endpoints.mqtt.url, { clientId: `p${from}` });
    let longest = 0;
    for (let start = from; start < from + count; start += 50) {
      const batch = Array.from({ length: Math.min(50, from + count - start) }, (_, index) => start + index);
      const begun = performance.now();
      await Promise.all(batch.map(n => client.publishAsync(topic, JSON.stringify({ n, pad }), { qos: 1 })));
      longest = Math.max(longest, performance.now() - begun);
    }
    await client.endAsync();
    return longest;
  }

  const numbers = (target: HttpTarget) => new Set(target.calls.map(({ body }) => JSON.parse(body).n as number));

  test('gets everything that was acknowledged when it is back, and holds up nobody meanwhile', {
    timeout: 120_000,
  }, async () => {
    const ground = new Ground(await startThingd({ command: 'dev', args: ['--limits', 'open'] }));
    const target = await openHttpTarget();
    const witness = await startWitness(ground.thingd, await createDevice(ground.thingd, 'witness'));
    await ground.createRule('away', { sql: "SELECT n FROM 'away'", actions: [{ http: { url: `${target.url}/in` } }] });
    await target.confirm();
    await target.close();
    const wave = 2500;
    const count = 4 * wave;
    const pad = 'x'.repeat(40_000);
    const longest = await publishAll(ground.thingd, 'away', wave, 0, pad);
    expect(longest).toBeLessThan(2000);
    await witness.unharmed(1000);
    await eventually(
      'retries',
      async () => {
        const actions = (await ground.traces('away')).map(trace => trace.actions[0]);
        return actions.some(({ state, attemptCount }) => state === 'retrying' && attemptCount > 1);
      },
      10_000,
    );
    // A second wave brings the process to the size it needs; the 200 MB that come then wait on disk.
    await publishAll(ground.thingd, 'away', wave, wave, pad);
    const before = await ground.thingd.residentMemory();
    await publishAll(ground.thingd, 'away', 2 * wave, 2 * wave, pad);
    await witness.unharmed(1000);
    expect(await ground.thingd.residentMemory()).toBeLessThan(before + (120 << 20));
    const metrics = await (await fetch(`${ground.thingd.endpoints.http.url}/metrics`)).text();
    const held = Number(/thingd_rule_queue_messages\{[^}]*"away"\} (\d+)/.exec(metrics)![1]);
    expect(held).toBeLessThanOrEqual(1000);
    expect(metrics).toMatch(new RegExp(`thingd_rule_stored_messages\\{[^}]*"away"\\} ${count}\n`));
    await target.open();
    await eventually('everything', () => numbers(target).size === count, 60_000);
    await witness.unharmed(1000);
    await witness.stop();
  });

  test('gets it also when thingd was killed in between', { timeout: 120_000 }, async () => {
    const dataDir = await temporaryDirectory('thingd-rules-');
    const options = { command: 'dev', dataDir, args: ['--limits', 'open'] } as const;
    const ground = new Ground(await startThingd(options));
    const target = await openHttpTarget();
    await ground.createRule('killed', {
      sql: "SELECT n, newuuid() AS id FROM 'killed'",
      actions: [{ http: { url: `${target.url}/in` } }],
    });
    await target.confirm();
    target.refusing = 503;
    await publishAll(ground.thingd, 'killed', 500);
    await ground.thingd.kill();
    target.refusing = undefined;
    const refused = new Map(target.calls.map(({ body }) => [JSON.parse(body).n, body]));
    target.received.length = 0;
    const again = new Ground(await startThingd(options));
    await eventually('everything', () => numbers(target).size === 500, 60_000);
    // What was tried before is tried again as it was: evaluated once, whatever happens.
    const [first] = target.calls.filter(({ body }) => refused.has(JSON.parse(body).n));
    expect(first!.body).toBe(refused.get(JSON.parse(first!.body).n));
    await again.thingd.stop();
  });
});

describe('thingd rules test', () => {
  test('says what a statement makes of a message', async () => {
    const args = ['rules', 'test', '--sql', "SELECT t FROM 'a/+' WHERE t > 1", '--topic', 'a/b'];
    const passed = await thingdCommand([...args, '--payload', '{"t":2}', '--json']);
    expect(passed).toMatchObject({ exit: 0 });
    expect(JSON.parse(passed.stdout)).toMatchObject({ selected: true, passed: true, output: '{"t":2}' });
    expect(await thingdCommand([...args, '--payload', '{"t":1}'])).toMatchObject({ exit: 1 });
  });

  test('runs a file of cases, and fails where one is not as expected', async () => {
    const file = join(await temporaryDirectory(), 'cases.json');
    const cases = [
      { name: 'warm', topic: 'a/b', payload: { t: 2 }, expect: { t: 2 } },
      { name: 'cold', topic: 'a/b', payload: { t: 1 }, expect: null },
    ];
    const content = { sql: "SELECT t FROM 'a/+' WHERE t > 1", cases };
    await writeFile(file, JSON.stringify(content));
    expect(await thingdCommand(['rules', 'test', '--cases', file])).toMatchObject({ exit: 0 });
    cases[1]!.expect = { t: 1 };
    await writeFile(file, JSON.stringify(content));
    const failed = await thingdCommand(['rules', 'test', '--cases', file], { NO_COLOR: '1' });
    expect(failed).toMatchObject({ exit: 1 });
    expect(failed.stdout).toContain('✗ cold');
  });
});
