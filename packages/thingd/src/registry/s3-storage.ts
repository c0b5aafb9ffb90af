/**
 * Input files of bulk registrations, read from whatever speaks Amazon S3's protocol at `AWS_ENDPOINT_URL_S3`, with the credentials
 * and the region of AWS's usual variables.
 */
import { percentEncode } from '@thingd/api';
import { type Clock, type InputFile, type ObjectStorage, type Realm, ServiceError } from '@thingd/core';
import { signedHeaders } from '../signature/index.ts';

export interface S3StorageOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
}

/** So long a server may take to begin its answer. */
const patience = 30_000;

export function s3Storage(options: S3StorageOptions): ObjectStorage {
  return {
    async read(realm, file, signal) {
      const endpoint = options.environment.AWS_ENDPOINT_URL_S3;
      if (!endpoint) {
        throw invalid('the input file cannot be read: no S3 endpoint is configured (AWS_ENDPOINT_URL_S3)');
      }
      const url = urlOf(endpoint, file);
      const headers = signatureOf(url, realm, options);
      const slow = new AbortController();
      const timer = setTimeout(() => slow.abort(), patience);
      const response = await fetch(url, { headers, signal: AbortSignal.any([signal, slow.signal]) }).catch(
        (error: Error & { cause?: Error }) => {
          throw invalid(`the input file cannot be read from ${url.origin}: ${error.cause?.message || error.message}`);
        },
      );
      clearTimeout(timer);
      if (!response.ok || response.body === null) throw await refusal(response, file);
      return { size: Number(response.headers.get('content-length') ?? 0), body: response.body };
    },
  };
}

/** The bucket in the path, as every S3 endpoint but AWS's newest takes it. */
function urlOf(endpoint: string, { inputFileBucket, inputFileKey }: InputFile): URL {
  const path = [inputFileBucket, ...inputFileKey.split('/')].map(percentEncode).join('/');
  return new URL(`${endpoint.replace(/\/$/, '')}/${path}`);
}

/** Without credentials the request goes unsigned, as for a public file. */
function signatureOf(url: URL, realm: Realm, { environment, clock }: S3StorageOptions): Record<string, string> {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN } = environment;
  if (!accessKeyId || !secretAccessKey) return {};
  const credentials = { accessKeyId, secretAccessKey, sessionToken: AWS_SESSION_TOKEN || undefined };
  const region = environment.AWS_REGION || environment.AWS_DEFAULT_REGION || realm.region;
  return signedHeaders('GET', url, '', credentials, { region, service: 's3' }, clock.now());
}

async function refusal(response: Response, { inputFileBucket, inputFileKey }: InputFile): Promise<ServiceError> {
  const text = (await response.text()).slice(0, 10_000);
  const code = /<Code>(\w+)<\/Code>/.exec(text)?.[1] ?? `status ${response.status}`;
  return invalid(`the input file s3://${inputFileBucket}/${inputFileKey} cannot be read: ${code}`);
}

const invalid = (message: string) => new ServiceError('InvalidRequestException', message);
