/** Every error as `application/problem+json` (RFC 9457), with a type that programs can tell apart. */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import Type, { type Static } from 'typebox';
import { Problem, type ProblemType, problems } from '../lights/problem.ts';

export const ProblemDetails = Type.Object(
  {
    type: Type.String({ format: 'uri-reference', examples: ['/problems/light-not-found'] }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'What happened here, and what to do next.' }),
    fields: Type.Optional(
      Type.Array(Type.Object({ path: Type.String({ description: 'JSON pointer.' }), message: Type.String() }), {
        description: 'What is not as documented, of an `invalid-request`.',
      }),
    ),
  },
  { $id: 'Problem', description: 'An error (RFC 9457).' },
);

/** For a route's `response`: the problems it may answer with, by status. */
export function problemResponses(...types: ProblemType[]): Record<number, object> {
  const byStatus = Map.groupBy(types, type => problems[type].status);
  return Object.fromEntries(
    [...byStatus].map(([status, same]) => {
      const description = same.map(type => `\`${type}\`: ${problems[type].title}.`).join('\n\n');
      return [status, { description, content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } } }];
    }),
  );
}

/** Fastify's error handler. */
export function answerProblem(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const problem = problemOf(error);
  if (problem.status >= 500) request.log.error({ event: 'request.failed', error });
  if (problem.type === 'not-signed-in') reply.header('www-authenticate', 'Bearer');
  if (problem.type === 'fleet-unavailable' || problem.type === 'too-many-requests') reply.header('retry-after', '2');
  const { type, status, message: detail, fields } = problem;
  const body: Static<typeof ProblemDetails> = {
    type: `/problems/${type}`,
    title: problems[type].title,
    status,
    detail,
    ...(fields && { fields: [...fields] }),
  };
  // As text: the route's own response schemas are about what goes well.
  reply.code(status).type('application/problem+json').send(JSON.stringify(body));
}

function problemOf(error: FastifyError): Problem {
  if (error instanceof Problem) return error;
  if (error.validation) {
    const where = error.validationContext === 'body' ? '' : `/${error.validationContext}`;
    const fields = error.validation.map(({ instancePath, message, params }) => {
      const missing = 'missingProperty' in params ? `/${params.missingProperty}` : '';
      return { path: `${where}${instancePath}${missing}`, message: message ?? 'is wrong' };
    });
    const detail = fields.map(({ path, message }) => `\`${path || 'body'}\` ${message}`).join('; ');
    return new Problem('invalid-request', detail, { fields, cause: error });
  }
  if (error.statusCode !== undefined && error.statusCode < 500 && error.code?.startsWith('FST_')) {
    return new Problem('invalid-request', error.message, { cause: error });
  }
  return fleetProblem(error);
}

const unavailable =
  /^(IndexNotReady|ServiceUnavailable|InternalFailure|Timeout|Networking)|^(ECONN|ENOTFOUND|EAI_|ETIMEDOUT)/;

/** An error of AWS's clients by what the caller can do about it. */
function fleetProblem(error: Error & { code?: string }): Problem {
  if (/Throttl|TooManyRequests/.test(error.name)) {
    return new Problem('too-many-requests', 'try again in a moment', { cause: error });
  }
  if (unavailable.test(error.name) || unavailable.test(error.code ?? '')) {
    return new Problem('fleet-unavailable', 'try again in a moment', { cause: error });
  }
  return new Problem('internal-error', 'it is logged', { cause: error });
}
