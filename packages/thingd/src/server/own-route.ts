/** One call of the program's own API, `/thingd/v1/…`, as the rooms that answer it see it: who calls, where, with what. */
import type { Caller } from '@thingd/api';
import { iotArn, type Realm } from '@thingd/core';

export interface OwnCall {
  readonly realm: Realm;
  readonly caller: Caller;
  /** The JSON body; `{}` without one. */
  readonly input: Readonly<Record<string, unknown>>;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
}

export interface OwnRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** After `/thingd/v1/`. */
  readonly url: string;
  /** What the caller's policy must allow, such as `thingd:Explain`. */
  readonly action: string;
  /** What it must be allowed on, such as `thing/lamp-1`; everything without one. */
  readonly resource?: (params: OwnCall['params']) => string;
  /** Of an answer that is a stream; JSON without one. */
  readonly contentType?: string;
  /** Answers the response's JSON, or a stream. Throws `ServiceError`. */
  readonly handle: (call: OwnCall) => Promise<object | undefined>;
}

/** The ARN a call is authorised on. */
export const resourceOf = (route: OwnRoute, realm: Realm, params: OwnCall['params']): string =>
  route.resource === undefined ? '*' : iotArn(realm, route.resource(params));
