/** What answers on the HTTP ports: AWS's API, the program's own, health and metrics; and MQTT over WebSocket at `/mqtt`. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  type ApiPluginOptions,
  apiPlugin,
  authenticateWebSocket,
  frameworkErrors,
  headersOf,
  type Identity,
  RequestError,
} from '@thingd/api';
import { refuseUpgrade, type UpgradeHandler } from '@thingd/broker';
import { ServiceError } from '@thingd/core';
import Fastify, { type FastifyInstance } from 'fastify';
import { type ClientIdentity, plainAddress } from '../authorization/index.ts';
import type { Metrics } from '../observability/index.ts';
import { type ReportsOptions, reports } from '../registry/index.ts';
import { boundArrivingBodies } from './arriving-bodies.ts';
import { type ManagementOptions, management } from './management.ts';
import { isSecure } from './tls.ts';

export interface HttpOptions {
  readonly api: ApiPluginOptions;
  readonly management: ManagementOptions;
  readonly reports: ReportsOptions;
  readonly metrics: Metrics;
  /** The owner of a rule's destination follows the link that was sent there. Throws `ServiceError`. */
  readonly confirmDestination: (confirmationToken: string) => Promise<void>;
  /** Whether every listener is up. */
  readonly healthy: () => boolean;
  /** Bytes of bodies that are arriving, over all connections. */
  readonly maxArrivingBytes: number;
}

/** The routes of both HTTP ports; `routing` of what it answers is a listener for any server's requests. */
export async function createHttp({
  api,
  management: managementOptions,
  reports: reportsOptions,
  metrics,
  confirmDestination,
  healthy,
  maxArrivingBytes,
}: HttpOptions): Promise<FastifyInstance> {
  // Names in paths reach the API as they came; what is forwarded by a proxy is not believed.
  const fastify = Fastify({
    logger: false,
    trustProxy: false,
    frameworkErrors,
    routerOptions: { maxParamLength: 4096 },
  });
  fastify.addHook('preParsing', boundArrivingBodies(maxArrivingBytes));
  fastify.addHook('onResponse', (_request, reply, done) => {
    metrics.httpAnswer(reply.elapsedTime / 1000);
    done();
  });
  fastify.get('/healthz', (_request, reply) =>
    reply.code(healthy() ? 200 : 503).send({ status: healthy() ? 'ok' : 'not ready' }),
  );
  fastify.get('/metrics', async (request, reply) => {
    // What the fleet is doing is for the operator's own network, not for every device that reaches the secure port.
    if (isSecure(request.raw)) return reply.code(404).send({ message: 'metrics are served by --http alone' });
    return reply.type(metrics.contentType).send(await metrics.render());
  });
  // The token is the permission (AWS: ConfirmTopicRuleDestination; its guide has the owner open the link in a browser).
  fastify.get('/confirmdestination/:token', async (request, reply) => {
    try {
      await confirmDestination((request.params as { token: string }).token);
      return reply.send({});
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      return reply.code(error.status).header('x-amzn-errortype', error.name).send({ message: error.message });
    }
  });
  await fastify.register(management, managementOptions);
  await fastify.register(reports, reportsOptions);
  await fastify.register(apiPlugin, api);
  await fastify.ready();
  return fastify;
}

export interface WebSocketOptions {
  readonly authentication: ApiPluginOptions;
  readonly upgrade: UpgradeHandler;
  /** The client behind a verified signature. */
  readonly client: (identity: Identity) => Promise<ClientIdentity>;
  /** Who comes without signature and certificate; undefined is refused. */
  readonly anonymous: ClientIdentity | undefined;
  readonly refused: (reason: string, remoteAddress: string) => void;
}

/** Listens to `upgrade` of an HTTP server. A signature comes first, then a client certificate, which the CONNECT is judged by. */
export function webSockets({ authentication, upgrade, client, anonymous, refused }: WebSocketOptions) {
  return (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    // A peer that goes away is told of by 'close'; without a listener its error would end the program.
    socket.on('error', () => {});
    const sourceIp = plainAddress(request.socket.remoteAddress ?? '');
    identify(request, sourceIp)
      .then(identity => {
        if (!socket.destroyed) upgrade(request, socket, head, identity);
      })
      .catch((error: unknown) => {
        refused(error instanceof Error ? error.message : String(error), sourceIp);
        if (error instanceof Refused) refuseUpgrade(socket, error.status);
        else refuseUpgrade(socket, error instanceof RequestError ? '403 Forbidden' : '500 Internal Server Error');
      });
  };

  async function identify(request: IncomingMessage, sourceIp: string): Promise<ClientIdentity | undefined> {
    const url = request.url ?? '/';
    const question = url.indexOf('?');
    const path = question < 0 ? url : url.slice(0, question);
    if (path !== '/mqtt') throw new Refused(`there is no WebSocket at \`${path}\``, '404 Not Found');
    const signed = await authenticateWebSocket(
      authentication,
      {
        method: request.method ?? 'GET',
        path,
        query: question < 0 ? '' : url.slice(question + 1),
        headers: headersOf(request),
        body: Buffer.alloc(0),
        secure: isSecure(request),
      },
      sourceIp,
    );
    if (signed !== undefined) return client(signed);
    if (hasCertificate(request)) return undefined;
    if (anonymous === undefined) throw new Refused('not signed', '403 Forbidden');
    return anonymous;
  }
}

class Refused extends Error {
  /** The answer, such as `404 Not Found`. */
  readonly status: string;

  constructor(message: string, status: string) {
    super(message);
    this.status = status;
  }
}

function hasCertificate({ socket }: IncomingMessage): boolean {
  const { getPeerX509Certificate } = socket as { getPeerX509Certificate?: () => unknown };
  return getPeerX509Certificate?.call(socket) !== undefined;
}
