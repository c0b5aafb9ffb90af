/** The `openSearch` and `elasticsearch` actions: what SELECT made, as a document of an index (AWS: "OpenSearch"). */
import { ActionFailure, type ActionReport, type ActionRunner, type Clock, ServiceError } from '@thingd/core';
import { signedHeaders } from '../../../signature/index.ts';
import { callTimeout, unfit } from './aws-call.ts';
import type { AwsClients } from './aws-clients.ts';
import { failureOf, fetchFailure } from './aws-failure.ts';

interface OpenSearchParameters {
  readonly endpoint: string;
  readonly index: string;
  readonly type: string;
  readonly id: string;
  readonly roleArn: string;
}

export function openSearch(clients: AwsClients, clock: Clock, failedAction: string): ActionRunner {
  const read = (parameters: object): OpenSearchParameters => parameters as OpenSearchParameters;
  return {
    failedAction,
    check(parameters) {
      const { endpoint } = read(parameters);
      if (endpoint.includes('${') || isHttpUrl(endpoint)) return;
      throw new ServiceError('InvalidRequestException', `\`${endpoint}\` is no URL of http or https`);
    },
    resourceOf: parameters => read(parameters).endpoint,
    async run({ realm, parameters, payload, isJson, signal }) {
      const { endpoint, index, type, id, roleArn } = read(parameters);
      const request = `PUT ${endpoint.replace(/\/$/, '')}/${[index, type, id].map(encodeURIComponent).join('/')}`;
      if (!isJson) throw unfit(request, 'the payload is not JSON');
      if (!isHttpUrl(endpoint)) throw unfit(request, `\`${endpoint}\` is no URL of http or https`);
      const unnamed = Object.entries({ index, type, id }).find(([, text]) => /^\.{0,2}$/.test(text));
      // A path with such a segment would be another document's, or no document's.
      if (unnamed !== undefined) throw unfit(request, `\`${unnamed[0]}\` is \`${unnamed[1]}\`, which names nothing`);
      const url = new URL(request.slice('PUT '.length));
      try {
        const signer = await clients.signer(url, realm.region, roleArn);
        const scope = { region: realm.region, service: 'es' };
        const signed = signer && signedHeaders('PUT', url, payload, signer, scope, clock.now());
        const answer = await fetch(url, {
          method: 'PUT',
          headers: { ...signed, 'content-type': 'application/json' },
          body: new Uint8Array(payload),
          redirect: 'manual',
          signal: AbortSignal.any([signal, AbortSignal.timeout(callTimeout)]),
        });
        return reportOf(request, answer.status, (await answer.text()).slice(0, 1000));
      } catch (error) {
        if (error instanceof ActionFailure) throw error;
        throw failureOf(fetchFailure(error), request, callTimeout);
      }
    },
  };
}

/** Throws `ActionFailure` for anything but 2xx. */
function reportOf(request: string, status: number, body: string): ActionReport {
  const report = { request, response: `${status} ${body}`.trim() };
  if (status >= 200 && status < 300) return report;
  const isTransient = status === 429 || status >= 500;
  throw new ActionFailure(`the server answered ${status}: ${body}`, { isTransient, report });
}

const isHttpUrl = (text: string): boolean => /^https?:$/.test(URL.parse(text)?.protocol ?? '');
