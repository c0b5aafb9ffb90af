/** Mosquitto's own tests of its broker, Python scripts that compare bytes: found on this machine, never kept here. */
import { cp, readdir, readFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { run } from '../harness/command.ts';
import { temporaryDirectory } from '../harness/directory.ts';
import { type Checkout, publicRepository } from '../harness/public-repository.ts';
import { cleanEnvironment, node, program } from '../harness/thingd.ts';

/**
 * A copy of the scripts' directory to run them in, or why there is none. `THINGD_MOSQUITTO_TESTS` names a checkout of eclipse/mosquitto or its git
 * directory; without it nothing is cloned, since the scripts take minutes.
 */
export async function findScripts(): Promise<Checkout> {
  const variable = 'THINGD_MOSQUITTO_TESTS';
  if (!process.env[variable]) return { missing: `${variable} is not set` };
  const found = await publicRepository(variable, '', join('test', 'broker'));
  if ('missing' in found) return found;
  const directory = await temporaryDirectory('thingd-mosquitto-');
  await cp(join(found.directory, 'test'), directory, { recursive: true });
  return { directory: join(directory, 'broker') };
}

/** Of the protocol; not of bridges, plugins, passwords, TLS and mount points, which are mosquitto's own. */
export async function scriptsIn(directory: string): Promise<string[]> {
  const names = await readdir(directory);
  return names.filter(name => /^(?:01|02|03|04|05|07|11|12|13)-.*\.py$/.test(name) && !name.endsWith('-helper.py'));
}

/** Runs one script: what it printed if it failed, or null. */
export async function runScript(directory: string, script: string): Promise<string | null> {
  const asked = (await readFile(join(directory, script), 'utf8')).matchAll(/get_port\((\d*)\)/g);
  const count = Math.max(1, ...[...asked].map(([, ports]) => Number(ports)));
  const options = ['dev', '--http', '127.0.0.1:0', '--https', 'off', '--mqtts', 'off', '--limits', 'open'];
  const env = {
    ...cleanEnvironment,
    MOSQUITTO_TESTS: directory,
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONPATH: import.meta.dirname,
    THINGD: JSON.stringify([node, program, ...options]),
  };
  const args = [script, ...(await freePorts(count)).map(String)];
  const { exit, stdout, stderr } = await run('python3', args, { cwd: directory, env, timeout: 120_000 });
  return exit === 0 ? null : `${stdout}${stderr}`.slice(-2000);
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  await Promise.all(servers.map(server => new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))));
  const ports = servers.map(server => (server.address() as AddressInfo).port);
  await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))));
  return ports;
}
