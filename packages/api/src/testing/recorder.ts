/** Handlers for every operation that record what reached them and answer what the test says. */
import type { Call, Handlers } from '../operations/operation.ts';
import { services } from '../protocol/dispatch.ts';
import type { ServiceName } from '../protocol/model.ts';

export interface Received {
  readonly service: ServiceName;
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly call: Call;
}

export interface Recorder {
  readonly handlers: Handlers;
  readonly received: Received[];
}

/** @param answer the output for an operation */
export function createRecorder(answer: (service: ServiceName, name: string) => unknown): Recorder {
  const received: Received[] = [];
  const record = (service: ServiceName): object =>
    Object.fromEntries(
      Object.keys(services[service].operations).map(name => [
        name,
        (input: Received['input'], call: Call) => {
          received.push({ service, name, input, call });
          return answer(service, name);
        },
      ]),
    );
  return {
    handlers: { iot: record('iot'), iotdata: record('iotdata'), jobsdata: record('jobsdata') } as Handlers,
    received,
  };
}

/** What to expect of an input's idempotency token, which SDKs fill in where it was left out. */
export function withFilledTokens(sent: Readonly<Record<string, unknown>>, arrived: Readonly<Record<string, unknown>>) {
  const tokens = ['clientRequestToken', 'clientToken'].filter(
    token => typeof arrived[token] === 'string' && sent[token] === undefined && /^[\da-f-]{36}$/.test(arrived[token]),
  );
  return { ...sent, ...Object.fromEntries(tokens.map(token => [token, arrived[token]])) };
}
