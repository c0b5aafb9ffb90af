/** The `salesforce` action: an event for an input stream of Salesforce IoT (AWS: "Salesforce IoT"). Salesforce has ended the product. */
import type { ActionRunner } from '@thingd/core';
import { post } from './http-exchange.ts';

interface SalesforceParameters {
  readonly url: string;
  readonly token: string;
}

export function salesforce(): ActionRunner {
  const read = (parameters: object): SalesforceParameters => parameters as SalesforceParameters;
  return {
    failedAction: 'SalesforceAction',
    literals: ['url', 'token'],
    confidential: ['token'],
    // The model holds the URL to the hosts of the product.
    check() {},
    resourceOf: parameters => read(parameters).url,
    run({ parameters, payload, isJson, signal }) {
      const { url, token } = read(parameters);
      const headers = {
        authorization: `Bearer ${token}`,
        'content-type': isJson ? 'application/json' : 'application/octet-stream',
      };
      return post({ url, headers, body: new Uint8Array(payload), signal });
    },
  };
}
