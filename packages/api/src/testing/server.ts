/** A server for tests: the API on a free port, with handlers of the test's choosing. */
import Fastify from 'fastify';
import type { ApiLog, CallRecord } from '../api.ts';
import type { Handlers } from '../operations/operation.ts';
import { type ApiPluginOptions, apiPlugin, frameworkErrors } from '../server.ts';

export interface TestServer {
  readonly url: string;
  readonly calls: CallRecord[];
  readonly failures: unknown[];
  readonly ambiguous: string[];
  close(): Promise<void>;
}

export async function startTestServer(
  handlers: Partial<Handlers>,
  options: Partial<ApiPluginOptions> = {},
): Promise<TestServer> {
  const calls: CallRecord[] = [];
  const failures: unknown[] = [];
  const ambiguous: string[] = [];
  const log: ApiLog = {
    called: call => calls.push(call),
    failed: (error, call) => {
      failures.push(error);
      calls.push(call);
    },
    ambiguous: (method, path) => ambiguous.push(`${method} ${path}`),
  };
  const fastify = Fastify({ forceCloseConnections: true, frameworkErrors });
  await fastify.register(apiPlugin, {
    handlers: { iot: {}, iotdata: {}, jobsdata: {}, ...handlers },
    accessKeys: { find: async () => undefined },
    clock: { now: () => Date.now() },
    log,
    ...options,
  });
  const url = await fastify.listen({ port: 0, host: '127.0.0.1' });
  return { url, calls, failures, ambiguous, close: () => fastify.close() };
}

/** The access key of the tests. */
export const testKey = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};

/** Access keys of which there is one, allowed what `statements` say; everything, unless they are given. */
export function testAccessKeys(statements?: readonly object[]): ApiPluginOptions['accessKeys'] {
  const Statement = statements ?? [{ Effect: 'Allow', Action: 'iot:*', Resource: '*' }];
  const key = {
    secretAccessKey: testKey.secretAccessKey,
    accountId: '123456789012',
    policyDocument: JSON.stringify({ Version: '2012-10-17', Statement }),
  };
  return { find: async accessKeyId => (accessKeyId === testKey.accessKeyId ? key : undefined) };
}
