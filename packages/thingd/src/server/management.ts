/** The program's own API, `/thingd/v1/…`, for its commands: explanations, denials, access keys, the history of shadows. Signed like AWS's. */
import {
  type ApiPluginOptions,
  authenticateSignature,
  headersOf,
  type Identity,
  RequestError,
  readClaim,
} from '@thingd/api';
import { type AccessKeys, type Realm, realmKey, ServiceError, type ShadowHistory } from '@thingd/core';
import type { FastifyPluginCallback, FastifyRequest } from 'fastify';
import { type Denials, plainAddress } from '../authorization/index.ts';
import { historyRoutes } from '../shadows/index.ts';
import { type ExplainOptions, explainRequest } from './explain.ts';
import { type OwnRoute, resourceOf } from './own-route.ts';
import { isSecure } from './tls.ts';

/** An access key as lists show it. */
export interface AccessKeyEntry {
  readonly accessKeyId: string;
  readonly accountId: string;
  /** Milliseconds since the epoch. */
  readonly createDate: number;
  readonly policyDocument: string;
}

export interface CreatedAccessKey extends AccessKeyEntry {
  readonly secretAccessKey: string;
}

export interface ManagementOptions extends ExplainOptions {
  readonly authentication: ApiPluginOptions;
  readonly accessKeys: AccessKeys;
  readonly denials: Denials;
  readonly shadowHistory: ShadowHistory;
  /** Where the program's files are; told to anyone on this machine in `dev`. */
  readonly directory: string;
  readonly dev: boolean;
  /** An access key is gone: its connections end. */
  readonly accessKeyDeleted: (accessKeyId: string) => void;
}

export const management: FastifyPluginCallback<ManagementOptions> = (fastify, options, done) => {
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, parsed) =>
    parsed(null, body),
  );
  fastify.setErrorHandler((error, _request, reply) => {
    const [status, name] = kindOf(error);
    const message = status === 500 || !(error instanceof Error) ? 'internal failure' : error.message;
    return reply.code(status).header('x-amzn-errortype', name).send({ message });
  });

  for (const route of [...ownRoutes(options), ...historyRoutes(options.shadowHistory)]) {
    fastify.route({
      method: route.method,
      url: `/thingd/v1/${route.url}`,
      handler: async (request, reply) => {
        const { realm, caller } = await identify(request, options);
        const params = request.params as Record<string, string>;
        const resource = resourceOf(route, realm, params);
        if (caller.authorize(route.action, resource) !== 'allowed') {
          const where = resource === '*' ? '' : ` on ${resource}`;
          throw new RequestError(
            'AccessDeniedException',
            `${caller.principal} is not authorized to perform ${route.action}${where}`,
          );
        }
        const query = request.query as Record<string, string>;
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
      handle: ({ realm, input }) => createAccessKey(options, realm, input),
    },
    {
      method: 'GET',
      url: 'access-keys',
      action: 'thingd:ListAccessKeys',
      handle: ({ realm }) => listAccessKeys(options, realm),
    },
    {
      method: 'DELETE',
      url: 'access-keys/:accessKeyId',
      action: 'thingd:DeleteAccessKey',
      handle: ({ realm, params }) => deleteAccessKey(options, realm, params.accessKeyId ?? ''),
    },
  ];
}

async function identify(request: FastifyRequest, { authentication }: ManagementOptions): Promise<Identity> {
  const [path = '', query = ''] = request.raw.url?.split('?') ?? [];
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const signed = { method: request.method, path, query, headers: headersOf(request.raw), body };
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

function kindOf(error: unknown): [status: number, name: string] {
  if (error instanceof ServiceError) return [error.status, error.name];
  if (error instanceof RequestError) return [403, error.name];
  const { statusCode } = error as { statusCode?: number };
  return statusCode !== undefined && statusCode < 500
    ? [statusCode, 'InvalidRequestException']
    : [500, 'InternalFailureException'];
}

async function createAccessKey(
  { accessKeys }: ManagementOptions,
  { accountId }: Realm,
  { policyDocument }: Readonly<Record<string, unknown>>,
): Promise<CreatedAccessKey> {
  const request = typeof policyDocument === 'string' ? { accountId, policyDocument } : { accountId };
  return accessKeys.create(request);
}

async function listAccessKeys(
  { accessKeys }: ManagementOptions,
  { accountId }: Realm,
): Promise<{ accessKeys: AccessKeyEntry[] }> {
  const entries: AccessKeyEntry[] = [];
  let nextToken: string | undefined;
  do {
    const page = await accessKeys.list({ nextToken }, accountId);
    for (const { secretAccessKey: _, ...key } of page.items) entries.push(key);
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return { accessKeys: entries };
}

/** Of the caller's own account alone; another's does not exist. */
async function deleteAccessKey(
  options: ManagementOptions,
  { accountId }: Realm,
  accessKeyId: string,
): Promise<undefined> {
  const key = await options.accessKeys.find(accessKeyId);
  if (key?.accountId !== accountId) {
    throw new ServiceError('ResourceNotFoundException', `access key \`${accessKeyId}\` does not exist`);
  }
  await options.accessKeys.delete(accessKeyId);
  options.accessKeyDeleted(accessKeyId);
}
