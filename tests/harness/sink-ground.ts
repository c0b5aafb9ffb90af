/** A thingd with sinks: rules made by AWS's SDK, its own API asked by curl, and `thingd sinks`. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateTopicRuleCommand, type IoTClient, type TopicRulePayload } from '@aws-sdk/client-iot';
import { connectAsync } from 'mqtt';
import { run } from './command.ts';
import { iotClient } from './device.ts';
import { temporaryDirectory } from './directory.ts';
import { accountId, RuleGround } from './rule-ground.ts';
import { startThingd, type Thingd, thingd as thingdCommand } from './thingd.ts';

/** An action on a sink. */
export const to = (url: string, ...headers: { key: string; value: string }[]) => ({ http: { url, headers } });

export class SinkGround extends RuleGround {
  readonly #sdk: IoTClient;
  readonly #region: string;

  /** A thingd with these sinks in a file of their own. */
  static async open(sinks: object = {}): Promise<SinkGround> {
    const file = join(await temporaryDirectory('thingd-sinks-'), 'sinks.json');
    await writeFile(file, JSON.stringify(sinks), { mode: 0o600 });
    const args = ['--account-id', accountId, '--limits', 'open', '--sinks', file];
    return new SinkGround(await startThingd({ command: 'dev', args }));
  }

  constructor(thingd: Thingd, region = 'us-east-1') {
    super(thingd);
    this.#region = region;
    this.#sdk = iotClient(thingd, { accessKeyId: accountId, region });
  }

  override async rule(ruleName: string, sql: string, action: object, errorAction?: object): Promise<void> {
    const topicRulePayload = {
      sql,
      awsIotSqlVersion: '2016-03-23',
      actions: [action],
      errorAction,
    } as TopicRulePayload;
    await this.#sdk.send(new CreateTopicRuleCommand({ ruleName, topicRulePayload }));
  }

  override async refusal(ruleName: string, action: object): Promise<string> {
    const refused = this.rule(ruleName, "SELECT * FROM 'never'", action);
    return refused.then(
      () => 'not refused',
      (error: Error) => `${error.name}: ${error.message}`,
    );
  }

  command(...args: string[]) {
    return thingdCommand(['sinks', ...args, '--data-dir', this.thingd.dataDir]);
  }

  /** As the command does it that operators type. */
  async put(sink: string, definition: object): Promise<void> {
    const file = join(await temporaryDirectory('thingd-sink-'), `${sink}.json`);
    await writeFile(file, JSON.stringify(definition));
    const { exit, stderr } = await this.command('put', sink, file);
    if (exit !== 0) throw new Error(stderr);
  }

  /** A call of thingd's own API; a refusal is an error with its name and message. */
  // biome-ignore lint/suspicious/noExplicitAny: each test reads what it needs
  async own(method: 'GET' | 'PUT' | 'DELETE', path: string, input?: object): Promise<any> {
    const body = input === undefined ? [] : ['-H', 'content-type: application/json', '-d', JSON.stringify(input)];
    const signed = ['--aws-sigv4', `aws:amz:${this.#region}:iot`, '--user', `${accountId}:any`];
    const url = `${this.thingd.endpoints.http.url}/thingd/v1/${path}`;
    const { stdout } = await run('curl', ['-sS', '-i', '-X', method, ...signed, ...body, url]);
    const end = stdout.indexOf('\r\n\r\n');
    const [head, answer] = [stdout.slice(0, end), stdout.slice(end)];
    if (/^HTTP\/1.1 200/.test(head)) return JSON.parse(answer);
    throw new Error(`${/^x-amzn-errortype: (.*)$/im.exec(head)?.[1]}: ${answer}`);
  }

  sink(name: string) {
    return this.own('GET', `sinks/${name}`);
  }

  /** Publishes numbered messages at QoS 1, many at once. */
  async publishAll(topic: string, count: number): Promise<void> {
    const client = await connectAsync(this.thingd.endpoints.mqtt.url);
    const numbers = Array.from({ length: count }, (_, n) => n);
    await Promise.all(numbers.map(n => client.publishAsync(topic, JSON.stringify({ n }), { qos: 1 })));
    await client.endAsync();
  }

  /** What an error action that republishes to `failures` gets of what is done meanwhile. */
  async failureOf(what: () => Promise<void>): Promise<string> {
    const seen = await this.subscriber('failures');
    await what();
    await seen.prints('"errorMessage"');
    await seen.stop();
    return /\{"ruleName".*\}/.exec(seen.stdout)![0];
  }
}
