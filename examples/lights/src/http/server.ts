/** The backend's HTTP face: the API for signed-in people, the documents and the page for everyone. */
import swagger from '@fastify/swagger';
import Fastify, { type FastifyInstance } from 'fastify';
import type { Lights } from '../lights/lights.ts';
import { Problem } from '../lights/problem.ts';
import type { Store } from '../lights/store.ts';
import type { LastKnown } from '../live/last-known.ts';
import type { SignIn } from '../sign-in/sign-in.ts';
import { authenticate } from './authenticate.ts';
import { documentRoutes, openApi } from './document-routes.ts';
import { lightRoutes } from './light-routes.ts';
import { pageRoutes } from './page-routes.ts';
import { answerProblem } from './problems.ts';
import { updateRoutes } from './update-routes.ts';

export interface ServerOptions {
  readonly lights: Lights;
  readonly store: Store;
  readonly lastKnown: LastKnown;
  readonly signIn: SignIn;
  readonly logger: boolean;
}

export async function createServer({
  lights,
  store,
  lastKnown,
  signIn,
  logger,
}: ServerOptions): Promise<FastifyInstance> {
  const app = Fastify({
    logger: logger && { level: 'warn' },
    bodyLimit: 16 * 1024,
    forceCloseConnections: true,
  });
  app.setErrorHandler(answerProblem);
  app.setNotFoundHandler(({ method, url }) => {
    throw new Problem('route-not-found', `nothing answers ${method} ${url}`);
  });
  await app.register(swagger, openApi(signIn.announcement));
  await app.register(async api => {
    api.decorateRequest('caller', null as never);
    api.addHook('onRequest', authenticate(signIn, store));
    await api.register(lightRoutes, { lights });
    await api.register(updateRoutes, { store, lastKnown });
  });
  await app.register(documentRoutes);
  await app.register(pageRoutes, { signIn });
  return app;
}
