/** The `http` action: a POST of what SELECT made to a URL whose owner has confirmed it (AWS: "HTTP"). */
import { ActionFailure, type ActionRunner, type Clock, type Destinations, ServiceError } from '@thingd/core';
import { type SigningCredentials, signedHeaders } from '../../signature/index.ts';
import { post } from './http-exchange.ts';

interface HttpParameters {
  readonly url: string;
  readonly confirmationUrl?: string;
  readonly headers?: readonly { readonly key: string; readonly value: string }[];
  readonly auth?: { readonly sigv4?: { readonly signingRegion: string; readonly serviceName: string } };
  readonly enableBatching?: boolean;
}

export interface HttpActionOptions {
  readonly destinations: Destinations;
  readonly clock: Clock;
  /** With what requests are signed; undefined where the program was given none. */
  readonly credentials: () => SigningCredentials | undefined;
}

export function http({ destinations, clock, credentials }: HttpActionOptions): ActionRunner {
  return {
    failedAction: 'HttpAction',
    literals: ['auth', 'batchConfig', 'headers.key'],
    check(parameters) {
      const { url, confirmationUrl, enableBatching } = read(parameters);
      if (enableBatching) {
        throw new ServiceError('NotImplementedException', '`enableBatching` of the action `http` is not implemented');
      }
      for (const literal of [url, confirmationUrl].filter(given => given !== undefined && !isTemplate(given))) {
        if (!isHttpUrl(literal!)) throw invalid(`\`${literal}\` is no URL of http or https`);
      }
      if (isTemplate(url) && confirmationUrl === undefined) {
        throw invalid(`the URL \`${url}\` has a template in it, so a \`confirmationUrl\` is needed`);
      }
      if (!isTemplate(url) && confirmationUrl !== undefined && !isTemplate(confirmationUrl)) {
        if (!url.startsWith(confirmationUrl)) throw invalid(`\`${url}\` does not begin with \`${confirmationUrl}\``);
      }
    },
    async stored(realm, parameters) {
      const { url, confirmationUrl = url } = read(parameters);
      if (!isTemplate(confirmationUrl)) await destinations.ensure(realm, confirmationUrl);
    },
    resourceOf: parameters => read(parameters).url,
    async run({ realm, parameters, payload, isJson, signal }) {
      const { url, headers = [], auth } = read(parameters);
      const report = { request: `POST ${url}` };
      if (!(await destinations.allows(realm, url))) {
        // Whoever is asked may still confirm.
        throw new ActionFailure('no enabled destination covers the URL: its owner has not confirmed it', {
          isTransient: true,
          report,
        });
      }
      const body = new Uint8Array(payload);
      const sent: Record<string, string> = {
        'content-type': isJson ? 'application/json' : 'application/octet-stream',
      };
      for (const { key, value } of headers) sent[key.toLowerCase()] = value;
      if (auth?.sigv4 !== undefined) {
        const given = credentials();
        if (given === undefined) {
          const message = 'the request is to be signed, and thingd has no AWS credentials in its environment';
          throw new ActionFailure(message, { isTransient: false, report });
        }
        const { signingRegion: region, serviceName: service } = auth.sigv4;
        Object.assign(sent, signedHeaders('POST', new URL(url), body, given, { region, service }, clock.now()));
      }
      return post(url, sent, body, signal);
    },
  };
}

/** The model's constraints have been checked. */
const read = (parameters: Readonly<Record<string, unknown>>): HttpParameters => parameters as unknown as HttpParameters;

const isTemplate = (text: string): boolean => text.includes('${');

/** AWS takes `https` alone, on two ports; here whatever the operator's own network has. */
const isHttpUrl = (text: string): boolean => URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol);

const invalid = (message: string): ServiceError => new ServiceError('InvalidRequestException', message);
