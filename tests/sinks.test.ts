/** Sinks through AWS's SDK, the `aws` command and mosquitto's clients: databases, files and chats of the operator's own, away and back again. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { beforeAll, describe, expect, test } from 'vitest';
import { temporaryDirectory } from './harness/directory.ts';
import { eventually } from './harness/eventually.ts';
import { type HttpTarget, openHttpTarget } from './harness/http-target.ts';
import { describeWith } from './harness/parts.ts';
import { Postgresql, postgresPassword } from './harness/postgresql.ts';
import { accountId, roleArn } from './harness/rule-ground.ts';
import { SinkGround, to } from './harness/sink-ground.ts';

const errorAction = { republish: { roleArn, topic: 'failures', qos: 1 } };

describeWith(['curl', 'mosquitto_pub', 'mosquitto_sub', 'postgresql'], 'a table of PostgreSQL', () => {
  let postgresql: Postgresql;
  let ground: SinkGround;

  beforeAll(async () => {
    postgresql = await Postgresql.start();
    await postgresql.rows(`
      CREATE TABLE telemetry (
        at timestamptz, room text, temperature numeric, big bigint, deep jsonb, tags text[], on_ boolean, note text DEFAULT 'none')`);
    await postgresql.rows('CREATE TABLE counted (id text PRIMARY KEY, n integer CHECK (n >= 0), topic text)');
    const { host, port, database, user, password } = postgresql.connection;
    const server = { kind: 'postgresql', host, port, database, user, password };
    ground = await SinkGround.open({
      plant: { ...server, tables: ['telemetry'] },
      counted: { ...server, tables: ['counted'], columns: { invocationId: 'id', topic: 'topic' } },
      raw: {
        ...server,
        tables: ['raw'],
        createTables: true,
        columns: { payload: 'body', invocationId: 'id', topic: 't' },
      },
    });
  });

  test('gets the members of what SELECT made in the columns of their names', async () => {
    await ground.rule('rows', "SELECT *, topic(2) AS room, timestamp() AS at FROM 'rooms/+'", to('thingd:plant'));
    const message = '{"temperature":20.5,"big":9007199254740993,"deep":{"a":[1]},"tags":["a,b",null],"on_":true}';
    await ground.publish('rooms/attic', message);
    const select = 'SELECT room, temperature::text, big::text, deep::text, tags, on_, note, at FROM telemetry';
    const [row] = await eventually('a row', async () => {
      const rows = await postgresql.rows(select);
      return rows.length > 0 && rows;
    });
    expect(row).toMatchObject({
      room: 'attic',
      temperature: '20.5',
      big: '9007199254740993',
      on_: true,
      note: 'none',
    });
    expect(row).toMatchObject({ deep: '{"a": [1]}', tags: ['a,b', null] });
    expect(Math.abs(row.at.getTime() - Date.now())).toBeLessThan(60_000);
  });

  test.each([
    ['a member without a column', '{"x\\";DROP TABLE telemetry;--":1}', 'has no column'],
    ['a value of another kind', '{"temperature":"warm"}', 'SQLSTATE 22P02'],
  ])('refuses %s for good, and stays', async (name, message, reason) => {
    const rule = `bad${name.split(' ')[1]}`;
    await ground.rule(rule, `SELECT * FROM '${rule}'`, to('thingd:plant/telemetry'), errorAction);
    expect(await ground.failureOf(() => ground.publish(rule, message))).toContain(reason);
    expect(await postgresql.rows('SELECT count(*)::int AS n FROM telemetry')).toEqual([{ n: 1 }]);
  });

  test('is none of the server’s others: a template cannot lead there', async () => {
    await ground.rule('elsewhere', "SELECT n FROM 'elsewhere/+'", to('thingd:counted/${topic(2)}'), errorAction);
    expect(await ground.failureOf(() => ground.publish('elsewhere/telemetry', '{"n":1}'))).toContain(
      'none of the sink',
    );
    expect(await ground.refusal('fixed', to('thingd:counted/telemetry'))).toContain('InvalidRequestException');
  });

  test('is made where the definition says so, with the whole object in one column', async () => {
    await ground.rule('whole', "SELECT n, {'m': 1} AS o FROM 'whole'", to('thingd:raw'));
    await ground.publish('whole', '{"n":1.5}');
    const rows = await eventually('a row', async () => {
      const found = await postgresql.rows('SELECT t, body::text, id FROM raw');
      return found.length > 0 && found;
    });
    expect(rows).toEqual([
      { t: 'whole', body: '{"n": 1.5, "o": {"m": 1}}', id: expect.stringMatching(/^[0-9a-f]{12}-\w+-0$/) },
    ]);
  });

  test('gets everything that was acknowledged while its server was away, and each message once', async () => {
    await ground.rule('counted', "SELECT n FROM 'counted'", to('thingd:counted'));
    await ground.publishAll('counted', 200);
    await postgresql.close();
    await ground.publishAll('counted', 300);
    await eventually('an attempt in vain', async () => (await ground.sink('counted')).failed > 0);
    await postgresql.open();
    const count = async () => (await postgresql.rows('SELECT count(*)::int AS n, sum(n)::int AS sum FROM counted'))[0];
    await eventually('everything', async () => (await count()).n >= 500, 60_000);
    expect(await count()).toEqual({ n: 500, sum: (199 * 200 + 299 * 300) / 2 });
  });

  test('has a password that nobody is shown', async () => {
    const { exit, stdout } = await ground.command('show', 'plant');
    expect(exit).toBe(0);
    expect(stdout).toContain('"password": "***"');
    const { stderr: log } = ground.thingd.child;
    expect(log).toContain('rule.actionFailed');
    for (const text of [stdout, log]) expect(text).not.toContain(postgresPassword);
  });
});

describeWith(['aws', 'curl', 'mosquitto_pub', 'mosquitto_sub'], 'sinks of this machine', () => {
  let ground: SinkGround;
  let target: HttpTarget;
  let directory: string;

  beforeAll(async () => {
    target = await openHttpTarget();
    directory = join(await temporaryDirectory('thingd-lines-'), 'lines');
    ground = await SinkGround.open({
      lines: { kind: 'file', directory, maxBytes: 1024, keep: 2 },
      unused: { kind: 'file', path: join(directory, 'unused.log') },
      one: { kind: 'file', path: join(directory, 'one.log'), mode: '0640' },
      room: { kind: 'webhook', format: 'slack', url: `${target.url}/services/s3cret` },
    });
  });

  test('a database file of SQLite gets rows, and its missing table where the definition says so', async () => {
    const columns = { payload: 'body', invocationId: 'id' };
    await ground.put('rows', {
      kind: 'sqlite',
      path: 'plant.db',
      tables: ['raw', 'rows'],
      columns,
      createTables: true,
    });
    await ground.rule('rows', "SELECT n FROM 'rows/+'", to('thingd:rows/${topic(2)}'));
    await Promise.all([ground.publish('rows/raw', '{"n":1}'), ground.publish('rows/rows', '{"n":2}')]);
    await eventually('rows', async () => (await ground.sink('rows')).delivered === 2, 10_000);
    const path = join(ground.thingd.dataDir, 'sinks', accountId, 'us-east-1', 'rows', 'plant.db');
    const database = new DatabaseSync(path, { readOnly: true });
    expect(database.prepare('SELECT body FROM raw').all()).toEqual([{ body: '{"n":1}' }]);
    expect(database.prepare('SELECT body FROM rows').all()).toEqual([{ body: '{"n":2}' }]);
    database.close();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test('a file gets a line for each message, is rotated, and no message names one outside the directory', async () => {
    await ground.rule('lines', "SELECT n FROM 'lines/#'", to('thingd:lines/${topic(2)}'), errorAction);
    await ground.publishAll('lines/hall', 400);
    await eventually('lines', async () => (await ground.sink('lines')).delivered === 400, 10_000);
    expect((await readdir(directory)).sort()).toEqual(['hall.jsonl', 'hall.jsonl.1', 'hall.jsonl.2']);
    const newest = await readFile(join(directory, 'hall.jsonl'), 'utf8');
    for (const line of newest.trim().split('\n')) expect(JSON.parse(line)).toEqual({ n: expect.any(Number) });
    expect(await ground.failureOf(() => ground.publish('lines/..', '{"n":1}'))).toContain('no name for a file');

    await ground.rule('one', "SELECT * FROM 'one'", to('thingd:one'));
    await ground.publish('one', '{\n  "a": [1,\r\n 2]\n}');
    const line = () => readFile(join(directory, 'one.log'), 'utf8').catch(() => '');
    expect(await eventually('a line', async () => (await line()) || undefined)).toBe('{   "a": [1,  2] }\n');
    expect((await stat(join(directory, 'one.log'))).mode & 0o777).toBe(0o640);
  });

  test('a chat gets the text the rule makes, and is left alone for as long as it asks', async () => {
    const text = { key: 'text', value: '<!channel> ${n} in ${topic(2)}' };
    await ground.rule('chat', "SELECT n FROM 'chat/+'", to('thingd:room', text));
    target.answers.push({ status: 429, headers: { 'retry-after': '1' } });
    await ground.publish('chat/hall', '{"n":1}');
    const first = await eventually('a call', () => target.received[0]);
    const asked = performance.now();
    await eventually('another call', () => target.received.length === 2, 10_000);
    expect(performance.now() - asked).toBeGreaterThan(700);
    expect(first).toMatchObject({ path: '/services/s3cret', body: '{"text":"&lt;!channel&gt; 1 in hall"}' });
    const { traces } = await ground.own('GET', 'rules/chat/traces');
    expect(traces[0].actions[0]).toMatchObject({
      state: 'succeeded',
      attempts: expect.arrayContaining([
        expect.objectContaining({ error: 'the server answered 429' }),
        expect.objectContaining({ request: 'thingd:room', response: '200' }),
      ]),
    });
    const { sinks } = await ground.own('GET', 'sinks');
    for (const shown of [JSON.stringify([traces, sinks]), ground.thingd.child.stderr]) {
      expect(shown).not.toContain('s3cret');
    }
  });

  test.each([
    ['googleChat', { text: 'warm' }],
    ['discord', { content: 'warm', allowed_mentions: { parse: [] } }],
    ['plain', { text: 'warm', n: 1 }],
  ])('%s gets its own kind of body', async (format, body) => {
    await ground.own('PUT', `sinks/${format}`, { kind: 'webhook', format, url: `${target.url}/${format}` });
    await ground.rule(format, `SELECT text, n FROM '${format}'`, to(`thingd:${format}`));
    await ground.publish(format, '{"n":1,"text":"warm"}');
    const call = await eventually('a call', () => target.received.find(({ path }) => path === `/${format}`));
    expect(JSON.parse(call.body)).toEqual(body);
  });

  describe('as operators see them', () => {
    test.each([
      ['thingd:nowhere', 'there is no sink'],
      ['thingd:${topic()}', 'names no sink'],
      ['thingd:room/general', 'nothing follows'],
      ['thingd:lines', 'is the file'],
    ])('a rule to %s is refused', async (url, reason) => {
      const refused = await ground.refusal('refused', to(url));
      expect(refused).toContain('InvalidRequestException');
      expect(refused).toContain(reason);
    });

    test('one that a rule names is not deleted, and those of the file are neither deleted nor replaced', async () => {
      await ground.own('PUT', 'sinks/spare', { kind: 'file', path: 'spare.jsonl' });
      await ground.rule('spare', "SELECT * FROM 'spare'", { republish: { roleArn, topic: 'x' } }, to('thingd:spare'));
      await expect(ground.own('DELETE', 'sinks/spare')).rejects.toThrow('rule `spare` writes to sink `spare`');
      await ground.iot.json('iot', 'delete-topic-rule', '--rule-name', 'spare');
      expect(await ground.command('delete', 'spare')).toMatchObject({ exit: 0, stderr: '' });
      await expect(ground.sink('spare')).rejects.toThrow('ResourceNotFoundException');
      const own = 'is the configuration file’s';
      await expect(ground.own('DELETE', 'sinks/unused')).rejects.toThrow(own);
      await expect(ground.own('PUT', 'sinks/room', { kind: 'file', path: 'x' })).rejects.toThrow(own);
    });

    test('another realm has none of them', async () => {
      const other = new SinkGround(ground.thingd, 'eu-west-1');
      expect(await other.refusal('other', to('thingd:room'))).toContain('there is no sink `room`');
      expect(await other.own('GET', 'sinks')).toEqual({ sinks: [] });
    });

    test.each([
      [{ kind: 'file', path: '../thingd.db' }, '`path` expects a relative path'],
      [{ kind: 'file', path: '/etc/passwd' }, '`path` expects a relative path'],
      [{ kind: 'webhook', url: { file: '/etc/passwd' } }, '`url` expects a URL'],
      [{ kind: 'mqtt', url: 'mqtts://h', clientId: 'c', ca: '/etc/passwd' }, '`ca` expects PEM'],
    ])('%j of the API is refused, for it reads and writes no other file of the machine', async (definition, reason) => {
      await expect(ground.own('PUT', 'sinks/bad', definition)).rejects.toThrow(reason);
    });
  });
});
