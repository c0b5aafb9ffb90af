/** Functions that ask services: what they ask, what they make of the answer, and what a failure does. */
import { describe, expect, test } from 'vitest';
import { contextWith, messageOf, runAsync } from '../fixtures.ts';
import { compileStatement, EvaluationError, type ExternalServices, parseStatement } from '../index.ts';
import { descriptors, reading } from '../protobuf/fixtures.ts';

/** The value of an expression, with services that answer as given. */
const ask = (expression: string, services: Partial<ExternalServices>, payload: unknown = {}) =>
  runAsync(`SELECT VALUE (${expression}) FROM 'a/#'`, payload, { context: contextWith(services) });

describe('what is asked', () => {
  test('a function is invoked with the payload or any value', async () => {
    const services = { invokeLambda: async (arn: string, event: string) => JSON.stringify([arn, JSON.parse(event)]) };
    expect(await ask("aws_lambda('arn:f', *)", services, { a: 1 })).toBe('["arn:f",{"a":1}]');
    expect(await ask("aws_lambda('arn:f', {'n': *.a})", services, { a: 1 })).toBe('["arn:f",{"n":1}]');
  });

  test('an item is read by one key or two, numbers as numbers', async () => {
    const services = { getDynamodbItem: async (...args: unknown[]) => JSON.stringify(args) };
    expect(await ask("get_dynamodb('t', 'id', 7, 'role')", services)).toBe(
      '["t",[{"name":"id","value":"7","isNumber":true}],"role"]',
    );
    expect(await ask("get_dynamodb('t', 'id', 'a', 's', 1.5, 'role')", services)).toBe(
      '["t",[{"name":"id","value":"a","isNumber":false},{"name":"s","value":"1.5","isNumber":true}],"role"]',
    );
  });

  test('the registry and shadows are read by name', async () => {
    const services = {
      getRegistryData: async (...args: unknown[]) => JSON.stringify(args),
      getThingShadow: async (...args: unknown[]) => JSON.stringify(args),
    };
    expect(await ask("get_registry_data('ListThingGroupsForThing', 't', 'r')", services)).toBe(
      '["ListThingGroupsForThing","t","r"]',
    );
    expect(await ask("get_thing_shadow('t', 'r')", services)).toBe('["t",null,"r"]');
    expect(await ask("get_thing_shadow('t', 'name', 'r')", services)).toBe('["t","name","r"]');
  });

  test('a record for a prediction is text all through', async () => {
    const services = { predict: async (...args: unknown[]) => JSON.stringify(args) };
    expect(await ask("machinelearning_predict('m', 'r', {'a': 1, 'b': [2], 'c': NULL})", services)).toBe(
      '["m","r",{"a":"1","b":"[2]"}]',
    );
  });

  test('arguments that are missing ask nobody', async () => {
    expect(await ask("get_thing_shadow(missing, 'r')", {})).toBe('');
  });
});

describe('secrets', () => {
  const json = { getSecret: async () => ({ secretString: '{"user":"u","n":12345678901234567890}' }) };
  const plain = { getSecret: async () => ({ secretString: 'open sesame' }) };
  const binary = { getSecret: async () => ({ secretBinary: Buffer.from([1, 2, 255]) }) };

  test.each([
    ["get_secret('i', 'SecretString', 'user', 'r')", json, '"u"'],
    ["get_secret('i', 'SecretString', 'none', 'r')", json, ''],
    ["get_secret('i', 'SecretString', 'r')", json, '{"user":"u","n":12345678901234567890}'],
    ["get_secret('i', 'SecretString', 'r')", plain, '"open sesame"'],
    ["get_secret('i', 'SecretBinary', 'r')", binary, '"AQL/"'],
  ])('%s', async (expression, services, value) => {
    expect(await ask(expression, services)).toBe(value);
  });

  test.each([
    ["get_secret('i', 'SecretString', 'user', 'r')", plain, 'no keys'],
    ["get_secret('i', 'SecretString', 'r')", binary, 'is binary'],
    ["get_secret('i', 'SecretBinary', 'r')", plain, 'not binary'],
    ["get_secret('i', 'SecretBinary', 'k', 'r')", binary, 'no keys'],
  ])('%s fails: %s', async (expression, services, message) => {
    await expect(ask(expression, services)).rejects.toThrow(message);
  });
});

describe('protobuf', () => {
  const services = { getDescriptorSet: async () => descriptors };
  const decode = (data: string) => `decode(${data}, 'proto', 'b', 'k.desc', 'reading', 'Reading').deviceId`;

  test('a payload of bytes is decoded', async () => {
    expect(await ask(decode('*'), services, reading)).toBe('"lämp-1"');
  });

  test('a member in base64 is decoded', async () => {
    expect(await ask(decode('m.d'), services, { m: { d: Buffer.from(reading).toString('base64') } })).toBe('"lämp-1"');
  });

  test('what is neither is Undefined, and nobody is asked', async () => {
    expect(await ask(decode('m'), {}, { m: 1 })).toBe('');
    expect(await ask(decode('m'), {}, { m: '?' })).toBe('');
  });

  test('sizes are limited', async () => {
    const large = { getDescriptorSet: async () => Buffer.alloc(32 * 1024 + 1) };
    await expect(ask(decode('*'), large, reading)).rejects.toThrow('the descriptor has more than 32 KiB');
    await expect(ask(decode('*'), services, Buffer.alloc(128 * 1024 + 1, 1))).rejects.toThrow('more than 128 KiB');
  });

  test('a broken message fails the evaluation', async () => {
    await expect(ask(decode('*'), services, Buffer.from([0x0a, 9]))).rejects.toThrow(EvaluationError);
  });
});

describe('a service that fails', () => {
  const down = { getThingShadow: async () => Promise.reject(new Error('the thing has no shadow')) };
  const shadow = "get_thing_shadow('t', 'r')";

  test('fails the evaluation, by name', async () => {
    await expect(ask(`${shadow}.state`, down)).rejects.toMatchObject({
      name: 'EvaluationError',
      functionName: 'get_thing_shadow',
      message: '`get_thing_shadow` failed: the thing has no shadow',
    });
  });

  test('is a value inside of `get_or_default`', async () => {
    expect(await ask(`get_or_default(${shadow}.state, 'none')`, down)).toBe('"none"');
    expect(await ask(`isUndefined(get_or_default(${shadow}))`, down)).toBe('true');
  });

  test('with an answer that is no JSON, or an item that is not there, too', async () => {
    await expect(ask("aws_lambda('f', 1)", { invokeLambda: async () => 'oops' })).rejects.toThrow('is not JSON');
    await expect(ask("get_dynamodb('t', 'id', 1, 'r')", { getDynamodbItem: async () => undefined })).rejects.toThrow(
      'no such item',
    );
  });
});

describe('waiting', () => {
  test('is for statements that ask alone', () => {
    const isAsynchronous = (sql: string) => compileStatement(parseStatement(sql, '2016-03-23')).isAsynchronous;
    expect(isAsynchronous("SELECT * FROM 'a' WHERE n > 1")).toBe(false);
    expect(isAsynchronous("SELECT decode(a, 'base64') FROM 'a'")).toBe(false);
    expect(isAsynchronous("SELECT decode(*, 'proto', 'b', 'k', 'f', 'M') FROM 'a'")).toBe(true);
    expect(isAsynchronous("SELECT a FROM 'a' WHERE exists (SELECT aws_lambda('f', *) FROM r)")).toBe(true);
  });

  test('puts each question once, in order, and each sees the answers before it', async () => {
    const asked: string[] = [];
    const services = {
      invokeLambda: async (_arn: string, event: string) => {
        asked.push(event);
        return String(Number(event) * 10);
      },
    };
    expect(await ask("aws_lambda('f', aws_lambda('f', 1) + 1)", services)).toBe('110');
    expect(await ask("(SELECT VALUE aws_lambda('f', *) FROM r)", services, { r: [1, 2, 3] })).toBe('[10,20,30]');
    expect(asked).toEqual(['1', '11', '1', '2', '3']);
  });

  test('does not change what time, chance and identity were', async () => {
    let [time, random, ids] = [0, 0, 0];
    const context = {
      ...contextWith({ invokeLambda: async (_arn, event) => event }),
      clock: { now: () => ++time },
      random: () => ++random / 10,
      uuid: () => `id-${++ids}`,
    };
    const sql =
      "SELECT newuuid() AS a, timestamp() AS t, rand() AS r, aws_lambda('f', newuuid()) AS l, newuuid() AS b FROM 'a'";
    expect(await runAsync(sql, {}, { context })).toBe('{"a":"id-1","t":1,"r":0.1,"l":"id-2","b":"id-3"}');
  });

  test('is not done for messages that WHERE holds back', async () => {
    const statement = compileStatement(
      parseStatement("SELECT aws_lambda('f', 1) AS x FROM 'a' WHERE n > 1", '2016-03-23'),
    );
    expect(await statement.evaluate(messageOf({ n: 1 }), contextWith())).toMatchObject({
      matched: false,
      where: false,
    });
  });
});
