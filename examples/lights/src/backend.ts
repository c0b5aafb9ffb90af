/** The light backend, put together: AWS's clients, a store, the listener and the HTTP face. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { AwsFleet } from './aws/aws-fleet.ts';
import { type AwsTarget, awsClients } from './aws/clients.ts';
import { ensureIndexing } from './aws/indexing.ts';
import { createServer } from './http/server.ts';
import { Deletions } from './lights/deletions.ts';
import { Lights } from './lights/lights.ts';
import { Store } from './lights/store.ts';
import { backendCertificate } from './live/backend-identity.ts';
import { LastKnown } from './live/last-known.ts';
import { listen } from './live/listener.ts';
import type { SignIn } from './sign-in/sign-in.ts';

export interface BackendOptions {
  readonly signIn: SignIn;
  /** For the store and the backend's own certificate. */
  readonly directory: string;
  readonly host: string;
  readonly port: number;
  /** As the environment says, unless given. */
  readonly target?: AwsTarget | undefined;
  /** Where the IoT core's devices connect, if it is not 443. */
  readonly devicePort?: number | undefined;
  /** PEM to trust beside the public authorities', such as thingd's root. */
  readonly certificateAuthority?: string | undefined;
  readonly logger?: boolean;
}

export interface Backend {
  readonly url: string;
  /** Host, and port unless it is 443, where lights connect. */
  readonly endpoint: string;
  close(): Promise<void>;
}

/** Resolves when it serves. */
export async function startBackend(options: BackendOptions): Promise<Backend> {
  const { signIn, directory, host, port, target, devicePort, certificateAuthority, logger = true } = options;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const clients = await awsClients(target, devicePort);
  await ensureIndexing(clients.iot);
  const certificate = await backendCertificate(clients.iot, directory);

  const now = Date.now;
  const store = new Store(join(directory, 'lights.sqlite'));
  const fleet = new AwsFleet(clients);
  const lastKnown = new LastKnown();
  const deletions = new Deletions({
    store,
    fleet,
    now,
    failed: (id, error) => app.log.warn({ event: 'deletion.failed', id, error }),
  });
  const lights = new Lights({ store, fleet, lastKnown, deletions, certificateAuthority, now });
  const app = await createServer({ lights, store, lastKnown, signIn, logger });
  const listener = await listen({
    identity: { ...certificate, endpoint: clients.endpoint, certificateAuthority },
    lastKnown,
    isLight: id => store.light(id) !== undefined,
    failed: error => app.log.warn({ event: 'mqtt.failed', error }),
  });
  deletions.wake();
  const url = await app.listen({ host, port });
  return {
    url,
    endpoint: clients.endpoint,
    async close() {
      await app.close();
      await listener.close();
      await deletions.close();
      store.close();
    },
  };
}
