/**
 * The API as one function from request to response: dispatch, authenticate, read and check the input, authorise, run the
 * handler, write the output. Knows no sockets.
 */
import { randomUUID } from 'node:crypto';
import type { Realm } from '@thingd/core';
import {
  type Authentication,
  authenticateSignature,
  devIdentity,
  type Identity,
  missingCredentials,
} from './authorization/authenticate.ts';
import { type Denial, denialError, denialOf, permissionsOf } from './authorization/authorize.ts';
import type { Call, Handlers } from './operations/operation.ts';
import { asksFor, type StoredOnly } from './operations/stored-only.ts';
import { validationMessage } from './protocol/constraints.ts';
import { dispatch, services, signingNames } from './protocol/dispatch.ts';
import { errorResponse, invalidInputName, RequestError } from './protocol/errors.ts';
import { readInput } from './protocol/input.ts';
import type { HttpRequest, HttpResponse } from './protocol/message.ts';
import type { OperationModel, ServiceName } from './protocol/model.ts';
import { writeOutput } from './protocol/output.ts';
import { type Claim, readClaim, signedPath } from './protocol/sigv4.ts';

/** What the API tells; the program writes it as events. */
export interface ApiLog {
  /** A call was answered. */
  called(call: CallRecord): void;
  /** An exception that is our bug; the caller saw an internal failure under `requestId`. */
  failed(error: unknown, call: CallRecord): void;
  /** Two services know this path and nothing told them apart; `service` was chosen. */
  ambiguous(method: string, path: string, service: ServiceName): void;
}

export interface CallRecord {
  readonly requestId: string;
  readonly service: ServiceName;
  readonly operation: string | undefined;
  readonly status: number;
  readonly principal: string | undefined;
  readonly sourceIp: string;
  /** The error's name, when there was one. */
  readonly error: string | undefined;
}

export interface ApiOptions extends Authentication {
  readonly handlers: Handlers;
  readonly storedOnly?: StoredOnly;
  readonly log: ApiLog;
  /** A denied call, for the record of decisions. */
  readonly onDenied?: (denial: Denial, realm: Realm) => void;
}

/** How a request arrived, beside its HTTP. */
export interface Arrival {
  readonly sourceIp: string;
  /** Whether the connection presented a client certificate, known or not. */
  readonly hasCertificate?: boolean;
  /** Resolves the client certificate; undefined when it may not be used. Called only when the request is not signed. */
  readonly certificate?: () => Promise<Identity | undefined>;
}

/** *AWS: Custom authentication over HTTPS*: only devices bring these. */
const hasCustomToken = (headers: HttpRequest['headers']): boolean =>
  headers['x-amz-customauthorizer-name'] !== undefined || headers['x-amz-customauthorizer-signature'] !== undefined;

type Handler = (input: Readonly<Record<string, unknown>>, call: Call) => unknown;

export type Api = (request: HttpRequest, arrival: Arrival) => Promise<HttpResponse>;

/** Builds the API; the function it returns never rejects. */
export function createApi(options: ApiOptions): Api {
  return (request, arrival) => new Exchange(options, request, arrival).answer();
}

/** One request on its way; what becomes known is kept for the log and for the shape of errors. */
class Exchange {
  readonly #options: ApiOptions;
  readonly #request: HttpRequest;
  readonly #arrival: Arrival;
  readonly #requestId = randomUUID();
  #service: ServiceName = 'iot';
  #operationName: string | undefined;
  #operation: OperationModel | undefined;
  #identity: Identity | undefined;

  constructor(options: ApiOptions, request: HttpRequest, arrival: Arrival) {
    this.#options = options;
    this.#request = request;
    this.#arrival = arrival;
  }

  async answer(): Promise<HttpResponse> {
    let response: HttpResponse;
    let error: unknown;
    try {
      response = await this.#call();
    } catch (thrown) {
      error = thrown;
      response = errorResponse(thrown, {
        service: services[this.#service],
        operation: this.#operation,
        requestId: this.#requestId,
      });
    }
    const record = this.#record(response);
    if (error !== undefined && response.status === 500) this.#options.log.failed(error, record);
    else this.#options.log.called(record);
    return { ...response, headers: { ...response.headers, 'x-amzn-requestid': this.#requestId } };
  }

  async #call(): Promise<HttpResponse> {
    const target = this.#request.headers['x-amz-target'];
    if (target !== undefined) throw new RequestError('NotImplementedException', `\`${target}\` is not implemented`);
    const claim = readClaim(this.#request);
    const { name, operation, labels } = this.#route(claim);
    const { realm, caller } = await this.#authenticate(claim);
    const model = services[this.#service];
    const handler = this.#handler(name);
    const input = readInput(model, operation, labels, this.#request);
    const problem = validationMessage(model, operation.input, input);
    if (problem !== undefined) throw new RequestError(invalidInputName(operation), problem);
    const denial = denialOf(caller, permissionsOf(realm, this.#service, name, operation, input));
    if (denial) {
      this.#options.onDenied?.(denial, realm);
      throw denialError(this.#service, denial);
    }
    const call = { realm, caller, requestId: this.#requestId, sourceIp: this.#arrival.sourceIp };
    const output = (await handler(input, call)) as Readonly<Record<string, unknown>> | undefined;
    return this.#warn(name, input, writeOutput(model, operation, output, this.#requestId));
  }

  #route(claim: Claim | undefined): { name: string; operation: OperationModel; labels: readonly string[] } {
    const { method, headers } = this.#request;
    const path = claim ? signedPath(this.#request.path) : this.#request.path;
    const dispatched = dispatch({
      method,
      path,
      signingName: claim?.signingName,
      host: headers.host,
      isDevice: !claim && (this.#arrival.hasCertificate === true || hasCustomToken(headers)),
    });
    this.#service = dispatched.service;
    if (dispatched.ambiguous) this.#options.log.ambiguous(method, path, dispatched.service);
    if (!dispatched.route) throw new RequestError('UnknownOperationException', `no operation has ${method} ${path}`);
    const { operationName, labels } = dispatched.route;
    this.#operationName = operationName;
    this.#operation = services[dispatched.service].operations[operationName]!;
    return { name: operationName, operation: this.#operation, labels };
  }

  async #authenticate(claim: Claim | undefined): Promise<Identity> {
    this.#identity = await this.#identify(claim);
    if (!this.#identity) throw missingCredentials(this.#service);
    return this.#identity;
  }

  async #identify(claim: Claim | undefined): Promise<Identity | undefined> {
    if (claim) {
      const names = signingNames[this.#service];
      return authenticateSignature(this.#options, this.#request, claim, names, this.#arrival.sourceIp);
    }
    // A certificate speaks for a device, and devices have no part in the control plane.
    if (this.#arrival.certificate && this.#service !== 'iot') {
      const identity = await this.#arrival.certificate();
      if (identity) return identity;
      throw new RequestError('ForbiddenException', 'Forbidden');
    }
    return this.#options.dev && devIdentity(this.#options.dev);
  }

  #handler(name: string): Handler {
    const handlers: Readonly<Record<string, unknown>> = this.#options.handlers[this.#service];
    const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
    if (typeof handler !== 'function') throw new RequestError('NotImplementedException', `${name} is not implemented`);
    return handler as Handler;
  }

  /** Adds the header that says what of the input is kept without effect. */
  #warn(name: string, input: Readonly<Record<string, unknown>>, response: HttpResponse): HttpResponse {
    const table: Readonly<Record<string, 'operation' | readonly string[] | undefined>> | undefined =
      this.#options.storedOnly?.[this.#service];
    const stored = table?.[name];
    if (stored === undefined) return response;
    const used = stored === 'operation' ? [name] : stored.filter(path => asksFor(input, path));
    if (used.length === 0) return response;
    const warning = `stored but not acted on: ${used.join(', ')}`;
    return { ...response, headers: { ...response.headers, 'x-thingd-warning': warning } };
  }

  #record(response: HttpResponse): CallRecord {
    return {
      requestId: this.#requestId,
      service: this.#service,
      operation: this.#operationName,
      status: response.status,
      principal: this.#identity?.caller.principal,
      sourceIp: this.#arrival.sourceIp,
      error: response.headers['x-amzn-errortype'],
    };
  }
}
