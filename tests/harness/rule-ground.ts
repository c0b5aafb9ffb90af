/** Rules of a thingd driven by its users' clients, and moto for the AWS services they act on. */
import { expect } from 'vitest';
import { AwsCli } from './aws-cli.ts';
import { launch, type Running, run } from './command.ts';
import { eventually } from './eventually.ts';
import { cleanEnvironment, startThingd, type Thingd, thingd as thingdCommand } from './thingd.ts';

/** Moto's account; rules are made in it, so that ARNs made of it fit. */
export const accountId = '123456789012';
export const roleArn = `arn:aws:iam::${accountId}:role/rules`;
export const credentials = {
  AWS_ACCESS_KEY_ID: 'rules',
  AWS_SECRET_ACCESS_KEY: 'secret',
  AWS_DEFAULT_REGION: 'us-east-1',
};

/** Answers where it listens; it ends with the test file. */
export async function startMoto(): Promise<string> {
  const moto = launch('moto_server', ['-H', '127.0.0.1', '-p', '0'], { env: cleanEnvironment });
  return eventually(
    'moto_server is up',
    () => /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(moto.stdout + moto.stderr)?.[1],
    60_000,
  );
}

/** A thingd whose rules find AWS where `env` says. */
export const startRules = async (env: Readonly<Record<string, string>>): Promise<RuleGround> =>
  new RuleGround(
    await startThingd({ command: 'dev', args: ['--account-id', accountId], env: { ...credentials, ...env } }),
  );

/** What `thingd rules traces` prints, the newest first. */
// biome-ignore lint/suspicious/noExplicitAny: each test reads what it needs
export async function tracesOf({ dataDir }: Thingd, ruleName: string): Promise<any[]> {
  const { stdout, stderr } = await thingdCommand(['rules', 'traces', ruleName, '--json', '--data-dir', dataDir]);
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout);
}

export class RuleGround {
  readonly thingd: Thingd;
  readonly iot: AwsCli;

  constructor(thingd: Thingd) {
    this.thingd = thingd;
    this.iot = new AwsCli(thingd, { AWS_ACCESS_KEY_ID: accountId });
  }

  async rule(ruleName: string, sql: string, action: object | readonly object[], errorAction?: object): Promise<void> {
    const actions = [action].flat();
    const payload = JSON.stringify({ sql, awsIotSqlVersion: '2016-03-23', actions, errorAction });
    await this.iot.json('iot', 'create-topic-rule', '--rule-name', ruleName, '--topic-rule-payload', payload);
  }

  refusal(ruleName: string, action: object): Promise<string> {
    const payload = JSON.stringify({ sql: "SELECT * FROM 'never'", actions: [action] });
    return this.iot.failure('iot', 'create-topic-rule', '--rule-name', ruleName, '--topic-rule-payload', payload);
  }

  get where(): string[] {
    const { host, port } = this.thingd.endpoints.mqtt;
    return ['-h', host, '-p', String(port)];
  }

  async publish(topic: string, message: string | object): Promise<void> {
    const payload = typeof message === 'string' ? message : JSON.stringify(message);
    const { exit, stderr } = await run('mosquitto_pub', [...this.where, '-q', '1', '-t', topic, '-m', payload]);
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
  }

  async subscriber(topic: string): Promise<Running> {
    const running = launch('stdbuf', ['-oL', 'mosquitto_sub', ...this.where, '-t', topic, '-d', '-q', '1']);
    await running.prints('Subscribed (mid:');
    return running;
  }
}
