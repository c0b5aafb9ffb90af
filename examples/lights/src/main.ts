/** The backend as a process, on the IoT core that AWS's variables name. */
import { startBackend } from './backend.ts';
import { configure, signInBy, start } from './configuration.ts';

await start(async () => {
  const { signIn, ...options } = configure(process.env);
  const backend = await startBackend({ ...options, signIn: await signInBy(signIn) });
  console.log(`lights: ${backend.url}${signIn === 'development' ? ' (development: anyone may be anyone)' : ''}`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void backend.close());
});
