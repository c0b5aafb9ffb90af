/**
 * The API as a Fastify plugin, for plain and TLS servers alike. It takes every path nobody else has, undecoded, and every
 * body as bytes; listening, TLS and WebSockets belong to the program.
 */
import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { FastifyInstance, FastifyPluginCallback, FastifyReply, FastifyRequest } from 'fastify';
import { type ApiOptions, type Arrival, createApi } from './api.ts';
import type { Identity } from './authorization/authenticate.ts';
import { services } from './protocol/dispatch.ts';
import { errorResponse, RequestError } from './protocol/errors.ts';
import type { HttpRequest, HttpResponse } from './protocol/message.ts';
import { Turns } from './turns.ts';

export interface ApiPluginOptions extends ApiOptions {
  /**
   * The device behind a client certificate, or undefined when it is unknown or not active.
   *
   * @param der the presented certificate
   * @param serverName the name the client asked for (SNI)
   */
  readonly resolveCertificate?: (
    der: Buffer,
    serverName: string | undefined,
    sourceIp: string,
  ) => Promise<Identity | undefined>;
  /** Bytes of a request's body. */
  readonly maxRequestBytes: number;
  /** What does not wait for a call: done before each is begun, and before each is answered. */
  readonly first: () => void;
}

const methods = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'] as const;

/**
 * Registers the API:
 *
 * ```ts
 * const server = Fastify({ frameworkErrors })
 * await server.register(apiPlugin, { handlers, accessKeys, clock, maxRequestBytes, first, log })
 * ```
 */
export const apiPlugin: FastifyPluginCallback<ApiPluginOptions> = (fastify, options, done) => {
  const api = createApi(options);
  const turns = new Turns(options.first);
  takeBodiesAsBytes(fastify, options.maxRequestBytes);
  fastify.setErrorHandler(async (error, _request, reply) => send(reply, unreadable(error)));
  for (const url of ['/', '/*']) {
    fastify.route({
      method: [...methods],
      url,
      exposeHeadRoute: false,
      handler: async (request, reply) => {
        await turns.take();
        const response = await api(toHttpRequest(request), arrivalOf(request, options));
        await turns.take();
        return send(reply, response);
      },
    });
  }
  done();
};

const send = (reply: FastifyReply, { status, headers, body }: HttpResponse): FastifyReply =>
  reply.code(status).headers(headers).send(body);

/** For the server's options: a URL that Fastify cannot decode is answered as every other bad request is. */
export const frameworkErrors = (error: Error, _request: FastifyRequest, reply: FastifyReply): void => {
  send(reply, unreadable(error));
};

/** A request that Fastify, or one of its hooks, gave up on before the API saw it. */
function unreadable(error: unknown): HttpResponse {
  return errorResponse(problemOf(error), { service: services.iot, requestId: randomUUID() });
}

function problemOf(error: unknown): RequestError {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  if (status === 413) return new RequestError('RequestEntityTooLargeException', 'the request body is too large');
  if (status === 503) return new RequestError('ServiceUnavailableException', 'too much is arriving at once');
  return new RequestError('InvalidRequestException', 'the request could not be read');
}

function takeBodiesAsBytes(fastify: FastifyInstance, bodyLimit: number): void {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit }, (_request, body, done) => done(null, body));
}

/** A request as signatures cover it: whatever follows the first `?` is its query. */
export function toHttpRequest(request: FastifyRequest): HttpRequest {
  const url = request.raw.url ?? '/';
  const question = url.indexOf('?');
  return {
    method: request.method,
    path: question < 0 ? url : url.slice(0, question),
    query: question < 0 ? '' : url.slice(question + 1),
    headers: headersOf(request.raw),
    body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
    secure: 'encrypted' in request.raw.socket,
  };
}

/** Headers with repeated values joined by a bare comma, as signatures have them. */
export function headersOf(request: Pick<IncomingMessage, 'rawHeaders'>): Record<string, string> {
  const headers: Record<string, string> = {};
  // As they came, name and value in turn: Node's own collections of them are made when first asked for.
  const { rawHeaders } = request;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] as string).toLowerCase();
    const value = textOf(rawHeaders[index + 1] as string);
    headers[name] = Object.hasOwn(headers, name) ? `${headers[name]},${value}` : value;
  }
  return headers;
}

/** Node gives a header's bytes one per character; some clients send UTF-8, others Latin-1, and all sign the text. */
function textOf(bytes: string): string {
  if (/^[\x20-\x7e]*$/.test(bytes)) return bytes;
  const buffer = Buffer.from(bytes, 'latin1');
  return isUtf8(buffer) ? buffer.toString('utf8') : bytes;
}

function arrivalOf(request: FastifyRequest, { resolveCertificate }: ApiPluginOptions): Arrival {
  const sourceIp = request.ip;
  const socket = request.raw.socket as Partial<TLSSocket>;
  const der = resolveCertificate && socket.getPeerX509Certificate?.()?.raw;
  if (!resolveCertificate || !der) return { sourceIp };
  const serverName = socket.servername || undefined;
  return { sourceIp, hasCertificate: true, certificate: () => resolveCertificate(der, serverName, sourceIp) };
}
