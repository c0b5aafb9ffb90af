/** The program's own contracts: options, files, exits, restart. */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import { CreateThingCommand, DescribeThingCommand, IoTClient } from '@aws-sdk/client-iot';
import { connectAsync } from 'mqtt';
import { describe, expect, test } from 'vitest';
import { launch, run } from './harness/command.ts';
import { createDevice, iotClient, tlsFiles } from './harness/device.ts';
import { temporaryDirectory } from './harness/directory.ts';
import { nextEvent } from './harness/event.ts';
import { eventually, withDeadline } from './harness/eventually.ts';
import { connect, disconnect, publish, readPublish, subscribe } from './harness/packets.ts';
import { describeWith } from './harness/parts.ts';
import { openMqtt, openTcp } from './harness/raw-client.ts';
import { cleanEnvironment, node, program, root, startThingd, thingd } from './harness/thingd.ts';

/** Every listener on a free port, nothing else. */
const anyPort = ['http', 'https', 'mqtts', 'mqtt'].flatMap(name => [`--${name}`, '127.0.0.1:0']);

describe('the command line', () => {
  test('--help names every command, `start --help` every option with its default', async () => {
    const help = await thingd(['--help']);
    expect(help).toMatchObject({ exit: 0, stderr: '' });
    for (const word of ['start', 'dev', 'env', 'explain']) expect(help.stdout).toContain(word);

    const start = await thingd(['start', '--help']);
    expect(start.exit).toBe(0);
    const named = [
      '--http',
      '--https',
      '--mqtts',
      '--mqtt',
      '--data-dir',
      '--store',
      '--bus',
      '--hostname',
      '--region',
    ];
    for (const flag of [...named, '--account-id', '--limits']) expect(start.stdout).toContain(flag);
    for (const value of ['127.0.0.1:4566', '0.0.0.0:8443', '0.0.0.0:8883', './thingd-data', 'us-east-1']) {
      expect(start.stdout).toContain(value);
    }
  });

  test('--version is the package version', async () => {
    const { version } = JSON.parse(await readFile(join(root, 'packages/thingd/package.json'), 'utf8'));
    expect(await thingd(['--version'])).toMatchObject({ exit: 0, stdout: `${version}\n` });
  });

  const wrong: readonly (readonly [args: string[], env: Record<string, string>, named: string])[] = [
    [['--http', 'nonsense'], {}, '--http'],
    [['--mqtts', '127.0.0.1:70000'], {}, '--mqtts'],
    [['--limits', 'generous'], {}, '--limits'],
    [['--limit', 'maxSubscriptions=many'], {}, 'maxSubscriptions'],
    [['--region', 'the moon'], {}, '--region'],
    [['--account-id', '12'], {}, '--account-id'],
    [['--store', 'postgres://localhost/things'], {}, '--store'],
    [['--bus', 'nats://localhost'], {}, '--bus'],
    [['--function', 'chat=./none.py'], {}, '--function'],
    [['--no-such-option'], {}, '--no-such-option'],
    [[], { THINGD_HTTP: 'nonsense' }, 'THINGD_HTTP'],
    [[], { THINGD_LIMITS: 'generous' }, 'THINGD_LIMITS'],
  ];

  test.each(wrong)('%j %j is one line naming the option, exit 2', async (args, env, named) => {
    const directory = await temporaryDirectory();
    const ended = await thingd(['start', '--data-dir', join(directory, 'data'), ...args], env);
    expect(ended.exit).toBe(2);
    expect(ended.stdout).toBe('');
    expect(ended.stderr.trim().split('\n')).toHaveLength(1);
    expect(ended.stderr).toContain(named);
    await expect(stat(join(directory, 'data'))).rejects.toThrow(); // nothing was made
  });

  test('a key in thingd.config.json that is not an option is one line naming it, exit 2', async () => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, 'thingd.config.json'), '{"htpp":"127.0.0.1:0"}');
    const ended = await run(node, [program, 'start'], { cwd: directory, env: cleanEnvironment });
    expect(ended.exit).toBe(2);
    expect(ended.stderr).toContain('htpp');
    expect(ended.stderr.trim().split('\n')).toHaveLength(1);
  });

  test('flags win over the environment, the environment over the file', async () => {
    const directory = await temporaryDirectory();
    const dataDir = join(directory, 'data');
    await writeFile(
      join(directory, 'thingd.config.json'),
      JSON.stringify({ region: 'eu-north-1', accountId: '111111111111', hostname: 'file.example' }),
    );
    const running = await startThingd({
      dataDir,
      cwd: directory,
      args: ['--region', 'eu-west-3'],
      env: { THINGD_REGION: 'eu-west-2', THINGD_ACCOUNT_ID: '222222222222' },
    });
    expect(running.credentials).toMatchObject({ region: 'eu-west-3', accountId: '222222222222' });
    await running.stop();
  });

  test('a function in Python where there is no Python is one line naming the option, exit 2', async () => {
    const directory = await temporaryDirectory();
    const file = join(directory, 'chat.py');
    await writeFile(file, 'def lambda_handler(event, context): pass\n');
    const args = [...anyPort, '--data-dir', join(directory, 'data'), '--function', `chat=${file}`];
    const ended = await thingd(['start', ...args], { PATH: directory });
    const stderr = `thingd: --function chat=${file} needs \`python3\`, 3.8 or later, in the PATH\n`;
    expect(ended).toEqual({ exit: 2, stdout: '', stderr });
  });

  test('a port that is taken is one line naming the option and the port', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await nextEvent(taken, 'listening');
    const { port } = taken.address() as { port: number };
    const dataDir = await temporaryDirectory();
    const ended = await thingd(['start', ...anyPort, '--mqtts', `127.0.0.1:${port}`, '--data-dir', dataDir]);
    taken.close();
    expect(ended.exit).not.toBe(0);
    expect(ended.stderr + ended.stdout).toContain('--mqtts');
    expect(ended.stderr + ended.stdout).toContain(String(port));
  });
});

describe('while it runs', () => {
  test('its directory and files are closed to others, and name what is bound', async () => {
    const running = await startThingd();
    const mode = async (...path: string[]) => ((await stat(join(running.dataDir, ...path))).mode & 0o777).toString(8);
    expect(await mode()).toBe('700');
    expect(await mode('credentials.json')).toBe('600');
    const pem = await readFile(running.caFile, 'utf8');
    expect(pem).toMatch(/^-----BEGIN CERTIFICATE-----/);
    expect(pem).not.toContain('PRIVATE KEY');
    const { stdout } = await run('find', [running.dataDir, '-type', 'f', '-perm', '/077', '-not', '-name', '*.pem']);
    const open = stdout.split('\n').filter(path => path !== '' && !path.endsWith('endpoints.json'));
    // Whatever else is readable inside the closed directory holds no key.
    for (const path of open) expect(await readFile(path, 'latin1')).not.toContain('PRIVATE KEY');

    for (const name of ['http', 'https', 'mqtts', 'mqtt'] as const) {
      expect(running.endpoints[name].port, name).toBeGreaterThan(0);
    }
    expect((await fetch(`${running.endpoints.http.url}/healthz`)).status).toBe(200);
    expect(await running.stop()).toBe(0);
    await expect(stat(join(running.dataDir, 'endpoints.json'))).rejects.toThrow();
  });

  test('/metrics counts connections and messages', async () => {
    const running = await startThingd({ command: 'dev' });
    const value = async (name: string): Promise<number> => {
      const text = await (await fetch(`${running.endpoints.http.url}/metrics`)).text();
      expect(text).toMatch(new RegExp(`^# TYPE ${name} (gauge|counter)$`, 'm'));
      return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1]);
    };
    const client = await openMqtt(running.endpoints.mqtt.port, 'counted');
    client.send(subscribe(1, ['counted'], 1));
    await client.next('suback');
    expect(await value('thingd_connections')).toBe(1);
    const received = await value('thingd_messages_in_total');
    const sent = await value('thingd_messages_out_total');
    for (const packetId of [1, 2, 3]) client.send(publish('counted', 'x', { qos: 1, packetId }));
    for (let number = 0; number < 6; number += 1) await client.any(); // three acknowledged, three delivered
    expect((await value('thingd_messages_in_total')) - received).toBe(3);
    expect((await value('thingd_messages_out_total')) - sent).toBe(3);
    await running.stop();
  });

  test.runIf(process.platform === 'linux')(
    'the threads of the store and of device keys give way to the one that carries messages',
    async () => {
      const running = await startThingd();
      const [own, lower] = [getPriority(), Math.min(getPriority() + 10, 19)];
      // The second comes a moment after what says that it is up.
      await eventually('priorities', async () => {
        expect(getPriority(running.pid)).toBe(own);
        expect(await running.priorities('store')).toEqual([lower]);
        expect(new Set(await running.priorities('libuv-worker'))).toEqual(new Set([lower]));
        return true;
      });
      await running.stop();
    },
  );

  test('its heap is not made as small as it can be', async () => {
    const eager = ['--trace-memory-reducer', '--gc-memory-reducer-start-delay-ms=1'];
    const running = launch(node, [...eager, program, 'dev', ...anyPort], { env: cleanEnvironment });
    await running.prints('is serving');
    expect(await running.stop()).toBe(0);
    expect(running.stdout).not.toContain('Memory reducer');
  });

  test('a second one on the same directory is refused, the first goes on', async () => {
    const first = await startThingd();
    const second = await thingd(['start', ...anyPort, '--data-dir', first.dataDir]);
    expect(second.exit).not.toBe(0);
    expect(second.stderr + second.stdout).toContain(first.dataDir);
    expect((await fetch(`${first.endpoints.http.url}/healthz`)).status).toBe(200);
    expect(await first.stop()).toBe(0);
  });

  test('a listener that is off is not opened', async () => {
    const running = await startThingd({ args: ['--mqtt', 'off', '--https', 'off'] });
    expect(running.endpoints.mqtt.port).toBe(0);
    expect(running.endpoints.https.port).toBe(0);
    await running.stop();
  });

  test('started as `start`, it gives the anonymous principal nothing', async () => {
    const running = await startThingd();
    const client = await openTcp(running.endpoints.mqtt.port);
    client.send(connect('nobody', { version: 5 }));
    expect((await client.next('connack')).body[1]).toBe(0x87);
    await client.cutOff();
    expect((await fetch(`${running.endpoints.http.url}/things`)).status).toBe(403);
    await running.stop();
  });
});

describe('SIGTERM', () => {
  test('tells MQTT 5 clients Server shutting down, refuses newcomers, and exits 0 within five seconds', async () => {
    const running = await startThingd({ command: 'dev' });
    const port = running.endpoints.mqtt.port;
    const clients = await Promise.all([5, 4].map(async v => openMqtt(port, `v${v}`, { version: v as 4 | 5 })));
    const silent = await openTcp(port);
    const slow = await openTcp(running.endpoints.http.port);
    slow.send(Buffer.from('GET /healthz HTTP/1.1\r\nHost: localhost\r\n')); // a request that never ends
    const begun = performance.now();
    const stopped = running.stop(6_000);
    expect((await clients[0]!.next('disconnect')).body[0]).toBe(0x8b);
    await Promise.all([...clients, silent, slow].map(client => client.cutOff()));
    expect(clients[1]!.received).toEqual([]);
    expect(await stopped).toBe(0);
    expect(performance.now() - begun).toBeLessThan(5_000);
    await expect(openTcp(port)).rejects.toThrow();
  });

  test('and start again keep things, certificates, sessions, queues and retained messages', async () => {
    const dataDir = await temporaryDirectory();
    const first = await startThingd({ command: 'dev', dataDir });
    const device = await createDevice(first, 'keeper');
    const sleeper = await openMqtt(first.endpoints.mqtt.port, 'sleeper', { cleanStart: false });
    sleeper.send(subscribe(1, ['queue'], 1));
    await sleeper.next('suback');
    sleeper.send(disconnect());
    await sleeper.cutOff();
    const writer = await openMqtt(first.endpoints.mqtt.port, 'writer');
    writer.send(publish('queue', 'queued', { qos: 1, packetId: 1 }));
    writer.send(publish('note', 'retained', { qos: 1, packetId: 2, retain: true }));
    await writer.next('puback');
    await writer.next('puback');
    expect(await first.stop()).toBe(0);

    const second = await startThingd({ command: 'dev', dataDir });
    expect(second.credentials).toEqual(first.credentials);
    const described = await iotClient(second).send(new DescribeThingCommand({ thingName: 'keeper' }));
    expect(described.thingName).toBe('keeper');
    const url = `mqtts://localhost:${second.endpoints.mqtts.port}`;
    const back = await connectAsync(url, { ...tlsFiles(device), clientId: 'keeper', reconnectPeriod: 0 }, false);
    await back.endAsync();

    const awake = await openTcp(second.endpoints.mqtt.port);
    awake.send(connect('sleeper', { cleanStart: false }));
    expect((await awake.next('connack')).body).toEqual(Buffer.from([1, 0]));
    expect(readPublish(await awake.next('publish'), 4)).toMatchObject({ topic: 'queue', payload: 'queued' });
    const reader = await openMqtt(second.endpoints.mqtt.port, 'reader');
    reader.send(subscribe(1, ['note'], 1));
    await reader.next('suback');
    expect(readPublish(await reader.next('publish'), 4)).toMatchObject({ topic: 'note', payload: 'retained' });
    expect(await second.stop()).toBe(0);
  });

  test('SIGINT ends it as well, as Ctrl-C does', async () => {
    const running = await startThingd();
    expect(await withDeadline('thingd ends', running.child.stop('SIGINT'), 6_000)).toBe(0);
  });
});

describe('dev', () => {
  test('without a data directory keeps nothing, takes any credentials and prints exports to paste', async () => {
    const directory = await temporaryDirectory();
    const child = launch(node, [program, 'dev', ...anyPort], { cwd: directory, env: cleanEnvironment });
    await child.prints(/export AWS_ENDPOINT_URL=\S+/);
    const url = /export AWS_ENDPOINT_URL=(\S+)/.exec(child.stdout)![1]!;
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    const credentials = { accessKeyId: 'whatever', secretAccessKey: 'you like' };
    const iot = new IoTClient({ endpoint: url, region: 'us-east-1', credentials });
    await iot.send(new CreateThingCommand({ thingName: 'ephemeral' }));
    expect(await child.stop()).toBe(0);
    const { stdout } = await run('ls', ['-A', directory]);
    expect(stdout).toBe('');
  });
});

describeWith(['aws'], 'thingd env', () => {
  test("evaluated by a shell, turns the shell's aws command to this thingd", async () => {
    const running = await startThingd();
    // Versions of the CLI before 2.13 and 1.29 do not read AWS_ENDPOINT_URL; the flag does them no harm.
    const script = `eval "$('${node}' '${program}' env --data-dir '${running.dataDir}')"
      aws --endpoint-url "$AWS_ENDPOINT_URL" iot create-thing --thing-name from-the-shell --output text --query thingArn`;
    const env = { ...cleanEnvironment, AWS_PROFILE: 'somebody-else', AWS_CONFIG_FILE: '/dev/null' };
    const { exit, stdout, stderr } = await run('bash', ['-euc', script], { env });
    expect(stderr).toBe('');
    expect({ exit, stdout }).toEqual({
      exit: 0,
      stdout: `arn:aws:iot:us-east-1:${running.credentials.accountId}:thing/from-the-shell\n`,
    });
    await running.stop();
  });

  test('says so when nothing is running, exit 1', async () => {
    const dataDir = await temporaryDirectory();
    const ended = await thingd(['env', '--data-dir', dataDir, '--http', '127.0.0.1:1']);
    expect(ended.exit).toBe(1);
    expect(ended.stdout).toBe('');
    expect(ended.stderr).toContain('no thingd is running');
  });
});
