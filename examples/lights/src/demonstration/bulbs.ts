/** Three bulbs, registered through the backend's API like anyone's, each a process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NewLight } from '../lights/light.ts';

const names = ['居間 · Living room', '台所 · Kitchen', '寝室 · Bedroom'];

export interface Registering {
  readonly url: string;
  /** Where lights connect; an embedded thingd may be on another port today. */
  readonly endpoint: string;
  readonly person: string;
  readonly directory: string;
}

/** Answers the registration files, of earlier starts as far as their lights are still there. */
export async function registerBulbs({ url, endpoint, person, directory }: Registering): Promise<string[]> {
  const headers = { authorization: `Bearer ${person}`, 'content-type': 'application/json' };
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const known = new Map<string, NewLight>();
  for (const file of readdirSync(directory)) {
    const light: NewLight = JSON.parse(readFileSync(join(directory, file), 'utf8'));
    const answer = await fetch(`${url}/light/${light.id}`, { headers });
    if (answer.ok) known.set(light.name, light);
    else if (answer.status === 404) rmSync(join(directory, file));
    else throw new Error(`showing a light answered ${answer.status}: ${await answer.text()}`);
  }
  const files: string[] = [];
  for (const name of names) {
    const light = known.get(name) ?? (await register(url, headers, name));
    const file = join(directory, `${light.id}.json`);
    writeFileSync(file, JSON.stringify({ ...light, endpoint }, null, 2), { mode: 0o600 });
    files.push(file);
  }
  return files;
}

async function register(url: string, headers: Record<string, string>, name: string): Promise<NewLight> {
  const answer = await fetch(`${url}/light`, { method: 'POST', headers, body: JSON.stringify({ name }) });
  if (!answer.ok) throw new Error(`registering a light answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as NewLight;
}

/** Its input is the wall switch. */
export function startBulb(file: string): ChildProcess {
  const program = join(import.meta.dirname, '..', 'bulb', 'main.ts');
  return spawn(process.execPath, [...process.execArgv, program, file], {
    stdio: ['pipe', 'inherit', 'inherit', 'ipc'],
  });
}
