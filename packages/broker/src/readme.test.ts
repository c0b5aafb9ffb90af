import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connectAsync } from 'mqtt';
import { afterAll, expect, test } from 'vitest';

// Inside the package, so that it finds itself by name; in a folder nothing else compiles.
const folder = new URL('../dist/', import.meta.url);
const example = new URL('readme.example.ts', folder);
let program: ChildProcess | undefined;
afterAll(() => {
  program?.kill('SIGKILL');
  rmSync(example, { force: true });
});

test('the example of the README runs as printed', async () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const code = /```ts\n([\s\S]*?)```/.exec(readme)![1]!;
  // Only the port differs, and it is told.
  const source = code.replace('port: 1883', 'port: 0').concat('\nconsole.log(`port ${listener.address.port}`);\n');
  expect(source).not.toBe(code);
  mkdirSync(folder, { recursive: true });
  writeFileSync(example, source);
  program = spawn(process.execPath, ['--conditions=@thingd/source', example.pathname], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  program.stdout!.on('data', chunk => {
    output += chunk;
  });
  await expect.poll(() => output, { timeout: 10_000 }).toMatch(/port (\d+)/);
  const client = await connectAsync(`mqtt://127.0.0.1:${/port (\d+)/.exec(output)![1]}`, { clientId: 'kitchen' });
  const announcement = new Promise(resolve =>
    client.once('message', (topic, payload) => resolve(`${topic} ${payload}`)),
  );
  await client.subscribeAsync('announcements');
  expect(await announcement).toBe('announcements hello');
  await client.publishAsync('kitchen/temperature', '21', { qos: 1 });
  await expect.poll(() => output).toContain('kitchen says kitchen/temperature = 21');
  await client.endAsync();
  program.kill('SIGTERM');
  expect(await once(program, 'exit')).toEqual([0, null]);
}, 20_000);
