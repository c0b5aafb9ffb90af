/** Calls of InfluxDB's HTTP API, with the token that the destination's secret has; read once, and again when it is refused. */
import { ActionFailure, type ActionReport, type Destination, type InfluxDbTarget, type Realm } from '@thingd/core';
import { type AwsClients, failureOf, fetchFailure, readSecretText } from '../aws/index.ts';

/** Milliseconds one attempt may take. */
const timeout = 10_000;
/** Tokens that are kept; the oldest goes first, and is read again when it is asked for. */
const mostTokens = 1000;

export interface InfluxCaller {
  readonly realm: Realm;
  readonly roleArn?: string | undefined;
  readonly signal: AbortSignal;
}

export interface WriteOptions {
  readonly bucket: string;
  readonly org: string | undefined;
  readonly precision: string;
}

export class InfluxClient {
  readonly #aws: AwsClients;
  /** By destination and role. */
  readonly #tokens = new Map<string, Promise<string>>();

  constructor(aws: AwsClients) {
    this.#aws = aws;
  }

  /** Whether the endpoint takes the token. Rejects with `ActionFailure` if it does not (AWS: "Endpoint ownership validation"). */
  async validate(destination: Destination, target: InfluxDbTarget, caller: InfluxCaller): Promise<void> {
    const path = target.influxDBVersion === 'V2' ? '/api/v2/me' : '/api/v3/configure/database?format=json';
    await this.#call(destination, target, caller, 'GET', path);
  }

  /** Resolves when the lines are written; rejects with `ActionFailure`. */
  write(
    destination: Destination,
    target: InfluxDbTarget,
    caller: InfluxCaller,
    { bucket, org, precision }: WriteOptions,
    lines: readonly string[],
  ): Promise<ActionReport> {
    const query = new URLSearchParams({ ...(org !== undefined && { org }), bucket, precision });
    return this.#call(destination, target, caller, 'POST', `/api/v2/write?${query}`, lines);
  }

  async #call(
    { arn }: Destination,
    target: InfluxDbTarget,
    caller: InfluxCaller,
    method: 'GET' | 'POST',
    path: string,
    lines?: readonly string[],
  ): Promise<ActionReport> {
    const url = target.endpoint.replace(/\/$/, '') + path;
    const request = `${method} ${url}${lines === undefined ? '' : ` (${lines.length} points)`}`;
    const key = `${arn} ${caller.roleArn ?? ''}`;
    const send = async () => {
      const token = await this.#token(key, target, caller);
      return exchange(url, method, token, lines?.join('\n'), request, caller.signal);
    };
    let answer = await send();
    if (answer.status === 401) {
      // It was changed since it was read (AWS: "reloads the token … and retries the request once").
      this.#tokens.delete(key);
      answer = await send();
    }
    const { status, text } = answer;
    const report = { request, response: `${status} ${text}`.trim() };
    if (status >= 200 && status < 300) return report;
    if (status === 401) this.#tokens.delete(key);
    const isTransient = status === 429 || status >= 500;
    throw new ActionFailure(`the server answered ${status}: ${text}`, { isTransient, report });
  }

  #token(key: string, target: InfluxDbTarget, caller: InfluxCaller): Promise<string> {
    let token = this.#tokens.get(key);
    if (token === undefined) {
      token = readSecretText(this.#aws, target, caller);
      if (this.#tokens.size >= mostTokens) this.#tokens.delete(this.#tokens.keys().next().value!);
      this.#tokens.set(key, token);
      token.catch(() => this.#tokens.delete(key));
    }
    return token;
  }
}

async function exchange(
  url: string,
  method: 'GET' | 'POST',
  token: string,
  body: string | undefined,
  request: string,
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly text: string }> {
  try {
    const answer = await fetch(url, {
      method,
      // A scheme of V2, which V3 takes as well.
      headers: { authorization: `Token ${token}`, 'content-type': 'text/plain; charset=utf-8' },
      ...(body !== undefined && { body }),
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeout)]),
    });
    return { status: answer.status, text: (await answer.text()).slice(0, 1000) };
  } catch (error) {
    throw failureOf(fetchFailure(error), request, timeout);
  }
}
