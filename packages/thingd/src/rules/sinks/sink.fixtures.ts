/** An action's request as the engine makes it, for tests of sinks. */
import type { ActionRequest } from '@thingd/core';

/** `payload` as JSON; text as the message's own bytes. */
export function request(payload: unknown, more: Partial<ActionRequest> = {}): ActionRequest {
  const isJson = typeof payload !== 'string';
  const bytes = Buffer.from(isJson ? JSON.stringify(payload) : payload);
  return {
    realm: { accountId: '123456789012', region: 'eu-west-1' },
    ruleName: 'r',
    invocationId: '1-0',
    parameters: {},
    payload: bytes,
    isJson,
    message: { topic: 'rooms/attic', payload: bytes },
    hops: 1,
    isErrorAction: false,
    attempt: 1,
    signal: new AbortController().signal,
    ...more,
  };
}
