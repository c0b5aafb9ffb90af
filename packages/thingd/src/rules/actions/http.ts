/**
 * The `http` action: a POST of what SELECT made to a URL whose owner has confirmed it (AWS: "HTTP"). A URL `thingd:<sink>` is
 * none of the network's: it names one of the operator's sinks, by which unmodified clients reach them.
 */
import {
  ActionFailure,
  type ActionReport,
  type ActionRequest,
  type ActionRunner,
  type BatchLimits,
  type Clock,
  type Destinations,
  ServiceError,
} from '@thingd/core';
import { type SigningCredentials, signedHeaders } from '../../signature/index.ts';
import { isSinkUrl, type Sinks, sinkAddress } from '../sinks/index.ts';
import { post } from './http-exchange.ts';

interface HttpParameters {
  readonly url: string;
  readonly confirmationUrl?: string;
  readonly headers?: readonly { readonly key: string; readonly value: string }[];
  readonly auth?: { readonly sigv4?: { readonly signingRegion: string; readonly serviceName: string } };
  readonly enableBatching?: boolean;
  readonly batchConfig?: {
    readonly maxBatchOpenMs?: number;
    readonly maxBatchSize?: number;
    readonly maxBatchSizeBytes?: number;
    readonly batchAcrossTopics?: boolean;
  };
}

export interface HttpActionOptions {
  readonly destinations: Destinations;
  readonly sinks: Sinks;
  readonly clock: Clock;
  /** With what requests are signed; undefined where the program was given none. */
  readonly credentials: () => SigningCredentials | undefined;
}

export function http(options: HttpActionOptions): ActionRunner {
  const { destinations, sinks } = options;
  return {
    failedAction: 'HttpAction',
    literals: ['auth', 'batchConfig', 'headers.key'],
    batching: {
      limits: parameters => limitsOf(read(parameters)),
      place(request) {
        const { url } = read(request.parameters);
        if (isTemplate(url)) throw new Error('the URL has a secret in it, and is not known before it is called');
        return { key: url, count: 1, bytes: Buffer.byteLength(elementOf(request)) };
      },
      run: requests => send(requests, options),
    },
    check(parameters, isErrorAction) {
      const { url, confirmationUrl, enableBatching, batchConfig, auth, headers = [] } = read(parameters);
      if (isErrorAction && (enableBatching || batchConfig !== undefined)) {
        throw invalid('an error action cannot batch: it has no `enableBatching` and no `batchConfig`');
      }
      if (isSinkUrl(url)) {
        sinkAddress(url, headers);
        if (enableBatching || (confirmationUrl ?? auth ?? batchConfig) !== undefined) {
          throw invalid('`confirmationUrl`, `auth`, `enableBatching` and `batchConfig` mean nothing to a sink');
        }
        return;
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
    admit(realm, parameters) {
      const { url, headers = [] } = read(parameters);
      if (isSinkUrl(url)) sinks.check(realm, sinkAddress(url, headers));
    },
    async stored(realm, parameters) {
      const { url, confirmationUrl = url } = read(parameters);
      if (!isSinkUrl(url) && !isTemplate(confirmationUrl)) await destinations.ensure(realm, confirmationUrl);
    },
    resourceOf: parameters => read(parameters).url,
    async run(request) {
      const { url, confirmationUrl, headers = [] } = read(request.parameters);
      // A URL that is a template as a whole has a `confirmationUrl`: no message leads such a rule to a sink.
      const isSink = isSinkUrl(url) && confirmationUrl === undefined;
      return isSink ? sinks.deliver(request, sinkAddress(url, headers), url) : send([request], options);
    },
  };
}

/** One POST for all requests, which ask for the same URL. */
async function send(
  requests: readonly ActionRequest[],
  { destinations, clock, credentials }: HttpActionOptions,
): Promise<ActionReport> {
  // Headers are those of the message that came last (AWS: "Batching HTTP action messages", "Using HTTP headers in a batch").
  const { realm, parameters, signal } = requests.at(-1)!;
  const { url, headers = [], auth } = read(parameters);
  const report = { request: `POST ${url}` };
  const { body, contentType, isFixed } = bodyOf(requests);
  if (!(await destinations.allows(realm, url))) {
    // Whoever is asked may still confirm.
    throw new ActionFailure('no enabled destination covers the URL: its owner has not confirmed it', {
      isTransient: true,
      report,
    });
  }
  const sent: Record<string, string> = { 'content-type': contentType };
  for (const { key, value } of headers) sent[key.toLowerCase()] = value;
  if (isFixed) sent['content-type'] = contentType;
  if (auth?.sigv4 !== undefined) {
    const given = credentials();
    if (given === undefined) {
      const message = 'the request is to be signed, and thingd has no AWS credentials in its environment';
      throw new ActionFailure(message, { isTransient: false, report });
    }
    const { signingRegion: region, serviceName: service } = auth.sigv4;
    Object.assign(sent, signedHeaders('POST', new URL(url), body, given, { region, service }, clock.now()));
  }
  return post({ url, headers: sent, body, signal });
}

interface Body {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
  /** Whether no header of the rule's replaces the content type. */
  readonly isFixed: boolean;
}

/** With batches always a list, also of one. Throws `ActionFailure` for bytes that no list of JSON can hold. */
function bodyOf(requests: readonly ActionRequest[]): Body {
  const [{ parameters, payload, isJson }] = requests as readonly [ActionRequest];
  if (!read(parameters).enableBatching) {
    const contentType = isJson ? 'application/json' : 'application/octet-stream';
    return { body: new Uint8Array(payload), contentType, isFixed: false };
  }
  const list = `[${requests.map(elementOf).join(',')}]`;
  return { body: new TextEncoder().encode(list), contentType: 'application/json', isFixed: true };
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * What SELECT made as JSON: text that is not JSON becomes a string (AWS is silent; unverified), nothing `null`, as in any list.
 * Throws `ActionFailure` for other bytes.
 */
function elementOf({ parameters, payload, isJson }: ActionRequest): string {
  try {
    const text = decoder.decode(payload);
    return isJson ? text || 'null' : JSON.stringify(text);
  } catch (error) {
    const report = { request: `POST ${read(parameters).url}` };
    const message = 'the payload is no UTF-8 text, so a batch cannot hold it: encode it in base64';
    throw new ActionFailure(message, { isTransient: false, report, cause: error });
  }
}

/** AWS: "Batching HTTP action messages", parameters and their defaults. */
function limitsOf({ enableBatching, batchConfig = {} }: HttpParameters): BatchLimits | undefined {
  if (!enableBatching) return undefined;
  return {
    openMs: batchConfig.maxBatchOpenMs ?? 20,
    count: batchConfig.maxBatchSize ?? 10,
    bytes: batchConfig.maxBatchSizeBytes ?? 5120,
    acrossTopics: batchConfig.batchAcrossTopics ?? false,
  };
}

/** The model's constraints have been checked. */
const read = (parameters: Readonly<Record<string, unknown>>): HttpParameters => parameters as unknown as HttpParameters;

const isTemplate = (text: string): boolean => text.includes('${');

/** AWS takes `https` alone, on two ports; here whatever the operator's own network has. */
const isHttpUrl = (text: string): boolean => URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol);

const invalid = (message: string): ServiceError => new ServiceError('InvalidRequestException', message);
