/** The program's own API, `/thingd/v1/…`, for its commands: explanations, denials, access keys, the history of shadows, rules and their sinks. Signed like AWS's. */
import {
  type ApiPluginOptions,
  authenticateSignature,
  type Identity,
  RequestError,
  readClaim,
  toHttpRequest,
} from '@thingd/api';
import { type AccessKeys, realmKey, ServiceError, type ShadowHistory } from '@thingd/core';
import type { FastifyPluginCallback, FastifyRequest } from 'fastify';
import { type Denials, plainAddress } from '../authorization/index.ts';
import { type Rules, sinkRoutes, traceRoutes } from '../rules/index.ts';
import { historyRoutes } from '../shadows/index.ts';
import { accountKeys } from './account-keys.ts';
import { type ExplainOptions, explainRequest } from './explain.ts';
import { type OwnCall, type OwnRoute, resourceOf } from './own-route.ts';
import { isSecure } from './tls.ts';

export interface ManagementOptions extends ExplainOptions {
  readonly authentication: ApiPluginOptions;
  readonly accessKeys: AccessKeys;
  readonly denials: Denials;
  readonly shadowHistory: ShadowHistory;
  readonly rules: Rules;
  /** Where the program's files are; told to anyone on this machine in `dev`. */
  readonly directory: string;
  readonly dev: boolean;
  /** The account of the first access key, which may make keys for the others. */
  readonly operatorAccount: string;
  /** Whether a realm of this account is served. */
  readonly hasAccount: (accountId: string) => boolean;
  /** A bug, to be logged whole; the caller learns nothing of it. */
  readonly failed: (error: unknown, where: string) => void;
  /** An access key is gone: its connections end. */
  readonly accessKeyDeleted: (accessKeyId: string) => void;
}

export const management: FastifyPluginCallback<ManagementOptions> = (fastify, options, done) => {
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, parsed) =>
    parsed(null, body),
  );
  fastify.setErrorHandler((error, request, reply) => {
    const [status, name] = kindOf(error);
    if (status === 500) options.failed(error, `${request.method} ${request.routeOptions.url}`);
    const message = status === 500 || !(error instanceof Error) ? 'internal failure' : error.message;
    return reply.code(status).header('x-amzn-errortype', name).send({ message });
  });

  for (const route of [
    ...ownRoutes(options),
    ...historyRoutes(options.shadowHistory),
    ...traceRoutes(options.rules.engine),
    ...sinkRoutes(options.rules.sinks, options.rules.topicRules),
  ]) {
    fastify.route({
      method: route.method,
      url: `/thingd/v1/${route.url}`,
      handler: async (request, reply) => {
        const { realm, caller } = await identify(request, options);
        const params = request.params as Record<string, string>;
        const resource = resourceOf(route, realm, params);
        const decision = caller.authorize(route.action, resource);
        if (decision !== 'allowed') {
          options.authentication.onDenied?.({ caller, action: route.action, resource, decision }, realm);
          const where = resource === '*' ? '' : ` on ${resource}`;
          throw new RequestError(
            'AccessDeniedException',
            `${caller.principal} is not authorized to perform ${route.action}${where}`,
          );
        }
        const query = request.query as Record<string, string>;
        if (route.contentType !== undefined) reply.type(route.contentType);
        return reply.send((await route.handle({ realm, caller, input: inputOf(request), params, query })) ?? {});
      },
    });
  }

  if (options.dev) {
    fastify.get('/thingd/v1/dev', (request, reply) =>
      isSecure(request.raw) ? reply.code(404).send({}) : reply.send({ directory: options.directory }),
    );
  }
  done();
};

function ownRoutes(options: ManagementOptions): OwnRoute[] {
  const keysFor = (call: OwnCall) => accountKeys(options.accessKeys, accountOf(options, call));
  return [
    {
      method: 'POST',
      url: 'explain',
      action: 'thingd:Explain',
      handle: ({ realm, input }) => explainRequest(options, realm, input),
    },
    {
      method: 'GET',
      url: 'denials',
      action: 'thingd:ListDenials',
      handle: async ({ realm }) => ({ denials: options.denials.latest(realmKey(realm)) }),
    },
    {
      method: 'POST',
      url: 'access-keys',
      action: 'thingd:CreateAccessKey',
      handle: call => keysFor(call).create(policyIn(call.input)),
    },
    {
      method: 'GET',
      url: 'access-keys',
      action: 'thingd:ListAccessKeys',
      handle: async call => ({ accessKeys: await keysFor(call).list() }),
    },
    {
      method: 'DELETE',
      url: 'access-keys/:accessKeyId',
      action: 'thingd:DeleteAccessKey',
      handle: async call => {
        const { accessKeyId = '' } = call.params;
        await keysFor(call).delete(accessKeyId);
        options.accessKeyDeleted(accessKeyId);
        return undefined;
      },
    },
  ];
}

async function identify(request: FastifyRequest, { authentication }: ManagementOptions): Promise<Identity> {
  const signed = toHttpRequest(request);
  const claim = readClaim(signed);
  if (claim === undefined)
    throw new RequestError('MissingAuthenticationTokenException', 'Missing Authentication Token');
  return authenticateSignature(authentication, signed, claim, ['iot'], plainAddress(request.ip));
}

function inputOf({ body }: FastifyRequest): Readonly<Record<string, unknown>> {
  if (!Buffer.isBuffer(body) || body.length === 0) return {};
  try {
    const input: unknown = JSON.parse(body.toString());
    if (typeof input === 'object' && input !== null) return input as Record<string, unknown>;
  } catch {}
  throw new ServiceError('InvalidRequestException', 'the body is not a JSON object');
}

/** What is no text is refused rather than left out: the key would be allowed more than was meant. */
function policyIn({ policyDocument }: OwnCall['input']): string | undefined {
  if (policyDocument === undefined || typeof policyDocument === 'string') return policyDocument;
  throw new ServiceError('InvalidRequestException', '`policyDocument` expects the JSON text of a policy');
}

function kindOf(error: unknown): [status: number, name: string] {
  if (error instanceof ServiceError) return [error.status, error.name];
  if (error instanceof RequestError) return [403, error.name];
  const { statusCode } = error as { statusCode?: number };
  return statusCode !== undefined && statusCode < 500
    ? [statusCode, 'InvalidRequestException']
    : [500, 'InternalFailureException'];
}

/** The account whose keys a call is about: the caller's own, or for the operator's account any that is served. */
function accountOf({ operatorAccount, hasAccount }: ManagementOptions, { realm, query }: OwnCall): string {
  const { accountId = realm.accountId } = query;
  if (accountId === realm.accountId) return accountId;
  if (realm.accountId !== operatorAccount) {
    throw new RequestError('AccessDeniedException', `account ${realm.accountId} has no access to account ${accountId}`);
  }
  if (!hasAccount(accountId)) {
    throw new ServiceError('InvalidRequestException', `no realm of account \`${accountId}\` is served; see --realm`);
  }
  return accountId;
}
