/**
 * All of it in one terminal: an embedded thingd (or, with `--environment`, the IoT core that AWS's variables name), the backend,
 * and three bulbs as processes of their own. The keys 1, 2 and 3 are their wall switches.
 */
import { join } from 'node:path';
import { startThingd } from 'thingd';
import { type BackendOptions, startBackend } from '../backend.ts';
import { configure, signInBy, start } from '../configuration.ts';
import { registerBulbs, startBulb } from './bulbs.ts';
import { switchByKeys } from './keys.ts';

const person = 'hanako';

/** thingd in this process, with its state beside the backend's. */
async function embedded(
  directory: string,
): Promise<Pick<BackendOptions, 'target' | 'devicePort' | 'certificateAuthority'> & { close(): Promise<void> }> {
  const { endpoints, credentials, rootCertificate, close } = await startThingd({
    options: { dataDir: join(directory, 'thingd') },
  });
  const { accessKeyId, secretAccessKey, region } = credentials;
  const target = { endpoint: endpoints.http!, region, credentials: { accessKeyId, secretAccessKey } };
  return { target, devicePort: Number(new URL(endpoints.https!).port), certificateAuthority: rootCertificate, close };
}

async function main(): Promise<void> {
  const { LIGHTS_OIDC_ISSUER: issuer, LIGHTS_SIGN_IN = issuer ? undefined : 'development' } = process.env;
  const { signIn, ...options } = configure({ ...process.env, LIGHTS_SIGN_IN });
  const core = process.argv.includes('--environment') ? undefined : await embedded(options.directory);
  const backend = await startBackend({ ...options, ...core, signIn: await signInBy(signIn) });
  console.log(`\n  lights           ${backend.url}`);
  console.log(`  phone's maker    ${backend.url}/phone`);
  console.log(`  lamp's maker     ${backend.url}/lamp\n`);

  const bulbs = signIn === 'development' ? await bulbsOf(backend, options.directory) : [];
  const stop = async () => {
    for (const bulb of bulbs) bulb.kill();
    await backend.close();
    await core?.close();
    process.exit();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop());
  switchByKeys(bulbs, () => void stop());
}

async function bulbsOf(backend: { url: string; endpoint: string }, directory: string) {
  const files = await registerBulbs({ ...backend, person, directory: join(directory, 'bulbs') });
  console.log(`  sign in as ${person}; 1, 2, 3 are the bulbs' wall switches, q ends\n`);
  return files.map(startBulb);
}

await start(main);
