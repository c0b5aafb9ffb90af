import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { parseExactly } from '../../actions/aws/exact-json.ts';
import { Definition } from '../definition.ts';
import { request } from '../sink.fixtures.ts';
import { parameterOf, postgresql } from './postgresql.ts';
import { postgresFailure } from './postgresql-failure.ts';

test.each([
  ['9007199254740993', 'bigint', '9007199254740993'],
  ['1.50', 'numeric', '1.50'],
  ['"a"', 'text', 'a'],
  ['"a"', 'jsonb', '"a"'],
  ['{"a":[1.0]}', 'text', '{"a":[1.0]}'],
  ['null', 'jsonb', null],
  ['true', 'boolean', 'true'],
  ['1700000000000', 'timestamp with time zone', '2023-11-14T22:13:20.000Z'],
  ['"2023-11-14"', 'timestamp with time zone', '2023-11-14'],
  ['1700000000000', 'bigint', '1700000000000'],
  ['["a",null,1]', 'text[]', ['a', null, '1']],
  ['[1]', 'jsonb', '[1]'],
])('%s in a column of %s is %j', (json, type, parameter) => {
  expect(parameterOf(parseExactly(json), type)).toEqual(parameter);
});

test.each([
  ['22P02', false],
  ['23505', false],
  ['42703', false],
  ['P0001', false],
  ['42P01', true],
  ['42501', true],
  ['28P01', true],
  ['3D000', true],
  ['40001', true],
  ['57P01', true],
  ['53300', true],
  ['ECONNREFUSED', true],
  [undefined, true],
])('after %s a later attempt may succeed: %s', (code, isTransient) => {
  const error = Object.assign(new Error('it failed'), { code, detail: 'Key (id)=(17) is there' });
  const { failure } = postgresFailure(error);
  expect(failure.isTransient).toBe(isTransient);
  expect(failure.message).not.toContain('17');
});

test('asks a server that was still starting up again at the next attempt', async () => {
  const answers = ['57P03', '53300'];
  const server = createServer(socket => socket.once('data', () => socket.end(fatal(answers.shift()!))));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const connection = { host: '127.0.0.1', port, database: 'plant', user: 'plant' };
  const sink = postgresql(new Definition({ ...connection, tables: ['t'] }, undefined), {
    clock: { now: () => 0 },
    origin: 'here',
  });
  const deliver = () => sink.deliver(request({ n: 1 }), { sinkName: 'plant', rest: undefined, headers: [] });
  await expect(deliver()).rejects.toThrow('57P03');
  await expect(deliver()).rejects.toThrow('53300');
  await sink.close();
  server.close();
});

/** An ErrorResponse (PostgreSQL: "Message Formats"). */
function fatal(code: string): Buffer {
  const fields = Buffer.from(`SFATAL\0C${code}\0Mit cannot be\0\0`);
  const head = Buffer.alloc(5, 'E');
  head.writeUInt32BE(4 + fields.length, 1);
  return Buffer.concat([head, fields]);
}
