/** Signs requests as AWS's tools sign theirs (AWS Signature Version 4, headers). */
import { createHash, createHmac } from 'node:crypto';
import { percentEncode } from '@thingd/api';

export interface SigningCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** What a signature is good for: a service in a region. */
export interface SigningScope {
  readonly region: string;
  readonly service: string;
}

/** The headers to send with a request of `body` to `url`. `now` in ms since the epoch. */
export function signedHeaders(
  method: string,
  url: URL,
  body: string | Uint8Array,
  { accessKeyId, secretAccessKey, sessionToken }: SigningCredentials,
  { region, service }: SigningScope,
  now: number,
): Record<string, string> {
  const date = new Date(now).toISOString().replace(/[-:]|\.\d{3}/g, '');
  const scope = [date.slice(0, 8), region, service, 'aws4_request'];
  const signed: Record<string, string> = {
    host: url.host,
    // S3 wants it said, and is the only one to.
    ...(service === 's3' && { 'x-amz-content-sha256': sha256(body) }),
    'x-amz-date': date,
    ...(sessionToken !== undefined && { 'x-amz-security-token': sessionToken }),
  };
  const names = Object.keys(signed).join(';');
  const canonical = [
    method,
    // A path is encoded already, and once more for every service but S3.
    service === 's3' ? url.pathname : url.pathname.split('/').map(percentEncode).join('/'),
    canonicalQuery(url),
    ...Object.entries(signed).map(([name, value]) => `${name}:${value}`),
    '',
    names,
    sha256(body),
  ].join('\n');
  const key = scope.reduce<string | Buffer>((key, part) => hmac(key, part), `AWS4${secretAccessKey}`);
  const toSign = ['AWS4-HMAC-SHA256', date, scope.join('/'), sha256(canonical)].join('\n');
  const signature = createHmac('sha256', key).update(toSign).digest('hex');
  const { host: _, ...headers } = signed;
  return {
    ...headers,
    authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope.join('/')}, SignedHeaders=${names}, Signature=${signature}`,
  };
}

const canonicalQuery = ({ searchParams }: URL): string =>
  [...searchParams]
    .map(([name, value]) => `${percentEncode(name)}=${percentEncode(value)}`)
    .sort()
    .join('&');

const sha256 = (text: string | Uint8Array): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
