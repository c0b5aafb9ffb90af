/** The backend as a process, on the IoT core that AWS's variables name. */
import { startBackend } from './backend.ts';
import { ConfigurationError, configure, signInBy } from './configuration.ts';

try {
  const { signIn, ...options } = configure(process.env);
  const backend = await startBackend({ ...options, signIn: await signInBy(signIn) });
  console.log(`lights: ${backend.url}${signIn === 'development' ? ' (development: anyone may be anyone)' : ''}`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void backend.close());
} catch (error) {
  if (!(error instanceof ConfigurationError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
