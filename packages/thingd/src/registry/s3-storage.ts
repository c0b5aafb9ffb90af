/**
 * Input files of bulk registrations, read from whatever speaks Amazon S3's protocol at `AWS_ENDPOINT_URL_S3`, with the credentials
 * and the region of AWS's usual variables.
 */
import { createHash, createHmac } from 'node:crypto';
import { type Clock, type InputFile, type ObjectStorage, type Realm, ServiceError } from '@thingd/core';

export interface S3StorageOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
}

/** So long a server may take to begin its answer. */
const patience = 30_000;

export function s3Storage({ environment, clock }: S3StorageOptions): ObjectStorage {
  return {
    async read(realm, file, signal) {
      const endpoint = environment.AWS_ENDPOINT_URL_S3;
      if (!endpoint) {
        throw invalid('the input file cannot be read: no S3 endpoint is configured (AWS_ENDPOINT_URL_S3)');
      }
      const url = urlOf(endpoint, file);
      const headers = signedHeaders(url, { realm, environment, now: new Date(clock.now()) });
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
  const path = [inputFileBucket, ...inputFileKey.split('/')].map(strictlyEncoded).join('/');
  return new URL(`${endpoint.replace(/\/$/, '')}/${path}`);
}

/** As Signature Version 4 wants it: everything but letters, digits and `-._~`. */
const strictlyEncoded = (text: string): string =>
  encodeURIComponent(text).replaceAll(/[!'()*]/g, one => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

interface Signing {
  readonly realm: Realm;
  readonly environment: S3StorageOptions['environment'];
  readonly now: Date;
}

/** *AWS: Signature Version 4*, header form; without credentials the request goes unsigned, as for a public file. */
function signedHeaders(url: URL, { realm, environment, now }: Signing): Record<string, string> {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token } = environment;
  if (!accessKeyId || !secret) return {};
  const region = environment.AWS_REGION || environment.AWS_DEFAULT_REGION || realm.region;
  const time = now.toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
  const date = time.slice(0, 8);
  const headers: Record<string, string> = {
    host: url.host,
    'x-amz-content-sha256': sha256(''),
    'x-amz-date': time,
    ...(token && { 'x-amz-security-token': token }),
  };
  const names = Object.keys(headers).sort();
  const lines = names.map(name => `${name}:${headers[name]}\n`).join('');
  const canonical = `GET\n${url.pathname}\n\n${lines}\n${names.join(';')}\n${sha256('')}`;
  const scope = `${date}/${region}/s3/aws4_request`;
  const key = [date, region, 's3', 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${secret}`);
  const signature = hmac(key, `AWS4-HMAC-SHA256\n${time}\n${scope}\n${sha256(canonical)}`).toString('hex');
  const { host: _, ...sent } = headers;
  const signed = `SignedHeaders=${names.join(';')}`;
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, ${signed}, Signature=${signature}`;
  return { ...sent, authorization };
}

async function refusal(response: Response, { inputFileBucket, inputFileKey }: InputFile): Promise<ServiceError> {
  const text = (await response.text()).slice(0, 10_000);
  const code = /<Code>(\w+)<\/Code>/.exec(text)?.[1] ?? `status ${response.status}`;
  return invalid(`the input file s3://${inputFileBucket}/${inputFileKey} cannot be read: ${code}`);
}

const invalid = (message: string) => new ServiceError('InvalidRequestException', message);
