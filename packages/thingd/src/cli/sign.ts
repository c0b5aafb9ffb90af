/** Signs a call to the program's own API as AWS's tools sign theirs (AWS Signature Version 4, headers). */
import { createHash, createHmac } from 'node:crypto';
import type { Credentials } from '../server/files.ts';

/** The headers to send with a request of `body` to `url`. `now` in ms since the epoch. */
export function signedHeaders(
  method: string,
  url: URL,
  body: string,
  { accessKeyId, secretAccessKey, region }: Credentials,
  now: number,
): Record<string, string> {
  const date = new Date(now).toISOString().replace(/[-:]|\.\d{3}/g, '');
  const scope = [date.slice(0, 8), region, 'iot', 'aws4_request'];
  const canonical = [
    method,
    url.pathname.split('/').map(percentEncode).join('/'),
    canonicalQuery(url),
    `host:${url.host}`,
    `x-amz-date:${date}`,
    '',
    'host;x-amz-date',
    sha256(body),
  ].join('\n');
  const key = scope.reduce<string | Buffer>((key, part) => hmac(key, part), `AWS4${secretAccessKey}`);
  const toSign = ['AWS4-HMAC-SHA256', date, scope.join('/'), sha256(canonical)].join('\n');
  const signature = createHmac('sha256', key).update(toSign).digest('hex');
  const credential = `Credential=${accessKeyId}/${scope.join('/')}`;
  return {
    'x-amz-date': date,
    authorization: `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=host;x-amz-date, Signature=${signature}`,
  };
}

const canonicalQuery = ({ searchParams }: URL): string =>
  [...searchParams]
    .map(([name, value]) => `${percentEncode(name)}=${percentEncode(value)}`)
    .sort()
    .join('&');

/** Everything but letters, digits and `-._~`; a path that is encoded already is encoded once more. */
const percentEncode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
