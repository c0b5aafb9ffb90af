/**
 * AWS Signature Version 4 from the server's side, pure: what a request claims, what its signature should be, whether it
 * holds now. *AWS: Create a signed AWS API request*, with the rules for services other than S3 (the path is encoded twice).
 */
import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import { RequestError } from './errors.ts';
import type { HttpRequest } from './message.ts';
import { percentDecode, percentEncode, queryPairs, queryParameters } from './percent.ts';
import { SigningKeys } from './signing-keys.ts';

const algorithm = 'AWS4-HMAC-SHA256';
const clockSkew = 15 * 60_000;
/** The longest a presigned URL may live, and how long one without `X-Amz-Expires` does, in seconds. */
const longestExpiry = 7 * 24 * 3600;
const defaultExpiry = 15 * 60;

/** What a signed request says about itself; nothing of it is proven yet. */
export interface Claim {
  readonly kind: 'header' | 'query';
  readonly accessKeyId: string;
  /** `YYYYMMDD` of the scope. */
  readonly day: string;
  readonly region: string;
  readonly signingName: string;
  /** `YYYYMMDDTHHMMSSZ`. */
  readonly date: string;
  /** Seconds a presigned URL lives. */
  readonly expires: number;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

/**
 * The claim in the `Authorization` header or in the query; undefined when the request is not signed.
 *
 * @throws RequestError `IncompleteSignatureException` when it is signed but parts are missing
 */
export function readClaim(request: HttpRequest): Claim | undefined {
  const authorization = request.headers.authorization;
  if (authorization?.startsWith('AWS4-')) return claimOfHeader(authorization, request);
  const query = queryParameters(request.query);
  return query.has('X-Amz-Signature') || query.has('X-Amz-Algorithm') ? claimOfQuery(query) : undefined;
}

function claimOfHeader(authorization: string, request: HttpRequest): Claim {
  const space = authorization.indexOf(' ');
  const name = space < 0 ? authorization : authorization.slice(0, space);
  if (name !== algorithm) throw incomplete(`Unsupported AWS 'algorithm': '${name}'.`);
  const fields = new Map(
    authorization
      .slice(space + 1)
      .split(',')
      .map(field => {
        const equals = field.indexOf('=');
        return [field.slice(0, Math.max(equals, 0)).trim(), field.slice(equals + 1).trim()] as const;
      }),
  );
  const missing = ['Credential', 'Signature', 'SignedHeaders'].filter(field => !fields.get(field));
  const date = request.headers['x-amz-date'] ?? basicDate(request.headers.date);
  const complaints = missing.map(field => `Authorization header requires '${field}' parameter.`);
  if (date === undefined)
    complaints.push("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.");
  if (complaints.length > 0 || date === undefined) throw incomplete(complaints.join(' '));
  return {
    kind: 'header',
    ...scopeOf(fields.get('Credential')!),
    date,
    expires: 0,
    signedHeaders: fields.get('SignedHeaders')!.toLowerCase().split(';'),
    signature: fields.get('Signature')!,
  };
}

function claimOfQuery(query: ReadonlyMap<string, string>): Claim {
  const given = query.get('X-Amz-Algorithm');
  if (given !== undefined && given !== algorithm) throw incomplete(`Unsupported AWS 'algorithm': '${given}'.`);
  const names = ['X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Signature', 'X-Amz-SignedHeaders', 'X-Amz-Date'];
  const missing = names.filter(name => !query.get(name));
  if (missing.length > 0)
    throw incomplete(missing.map(name => `AWS query-string parameters must include '${name}'.`).join(' '));
  const expires = Number(query.get('X-Amz-Expires') ?? defaultExpiry);
  if (!Number.isInteger(expires) || expires < 1 || expires > longestExpiry) {
    throw incomplete(`X-Amz-Expires must be between 1 and ${longestExpiry} seconds.`);
  }
  return {
    kind: 'query',
    ...scopeOf(query.get('X-Amz-Credential')!),
    date: query.get('X-Amz-Date')!,
    expires,
    signedHeaders: query.get('X-Amz-SignedHeaders')!.toLowerCase().split(';'),
    signature: query.get('X-Amz-Signature')!,
  };
}

/** `<access key id>/<day>/<region>/<service>/aws4_request`. */
function scopeOf(credential: string): Pick<Claim, 'accessKeyId' | 'day' | 'region' | 'signingName'> {
  const [accessKeyId, day, region, signingName, terminator, ...more] = credential.split('/');
  if (!accessKeyId || !day || !region || !signingName || terminator !== 'aws4_request' || more.length > 0) {
    throw incomplete(
      `Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '${credential}'`,
    );
  }
  // The region becomes part of keys and ARNs, in `dev` without a signature behind it.
  if (!/^[a-z\d-]{1,32}$/.test(region)) throw incomplete(`Credential has no region at '${region}'.`);
  return { accessKeyId, day, region, signingName };
}

/** An HTTP date as `YYYYMMDDTHHMMSSZ`. */
function basicDate(date: string | undefined): string | undefined {
  const time = new Date(date ?? '').getTime();
  return Number.isNaN(time) ? undefined : toBasicDate(time);
}

const toBasicDate = (time: number): string => new Date(time).toISOString().replace(/[-:]|\.\d{3}/g, '');

/** Milliseconds since the epoch of `YYYYMMDDTHHMMSSZ`. */
function parseBasicDate(date: string): number {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date)?.slice(1).map(Number);
  if (!parts) return Number.NaN;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/**
 * Verifies that `request` was signed with `secretAccessKey` and that the claim holds at `now`.
 *
 * @param services names the scope may carry
 * @param now milliseconds since the epoch
 * @throws RequestError `InvalidSignatureException` in AWS's words
 */
export function verifySignature(
  request: HttpRequest,
  claim: Claim,
  secretAccessKey: string,
  services: readonly string[],
  now: number,
): void {
  verifyScope(claim, services);
  verifyTime(claim, now);
  verifySignedHeaders(request, claim);
  // Presigned URLs of the device gateway carry a session token that was appended after signing, others one that was signed.
  const appended = claim.kind === 'query' && claim.signingName === 'iotdevicegateway';
  const canonical = canonicalRequest(request, claim, { withToken: !appended });
  if (matches(claim, secretAccessKey, canonical)) return;
  if (appended && matches(claim, secretAccessKey, canonicalRequest(request, claim, { withToken: true }))) return;
  throw invalid(
    'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and ' +
      'signing method. Consult the service documentation for details.',
  );
}

function verifyScope(claim: Claim, services: readonly string[]): void {
  if (!services.includes(claim.signingName)) {
    throw invalid(`Credential should be scoped to correct service: '${services.join("' or '")}'.`);
  }
  if (claim.day !== claim.date.slice(0, 8)) {
    throw invalid(
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${claim.day}' != '${claim.date.slice(0, 8)}', from '${claim.date}'.`,
    );
  }
}

function verifyTime(claim: Claim, now: number): void {
  const signed = parseBasicDate(claim.date);
  if (Number.isNaN(signed)) throw invalid(`Date must be in ISO-8601 'basic format'. Got '${claim.date}'.`);
  if (signed > now + clockSkew) {
    throw invalid(
      `Signature not yet current: ${claim.date} is still later than ${toBasicDate(now + clockSkew)} (${toBasicDate(now)} + 15 min.)`,
    );
  }
  const [lifetime, words] =
    claim.kind === 'header' ? [clockSkew, '15 min.'] : [claim.expires * 1000, `${claim.expires} s.`];
  if (signed < now - lifetime) {
    throw invalid(
      `Signature expired: ${claim.date} is now earlier than ${toBasicDate(now - lifetime)} (${toBasicDate(now)} - ${words})`,
    );
  }
}

/** Without `host` a signature would hold at another server; without the date it would hold for ever. */
function verifySignedHeaders(request: HttpRequest, claim: Claim): void {
  const signed = new Set(claim.signedHeaders);
  if (!signed.has('host')) throw invalid("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
  if (claim.kind === 'header' && !signed.has('x-amz-date') && !signed.has('date')) {
    throw invalid("'X-Amz-Date' must be a 'SignedHeader' in the AWS Authorization.");
  }
  for (const name of Object.keys(request.headers)) {
    const isUnsignedToken = name === 'x-amz-security-token' && claim.signingName === 'iotdevicegateway';
    if (name.startsWith('x-amz-') && !signed.has(name) && !isUnsignedToken) {
      throw invalid(`'${name}' must be a 'SignedHeader' in the AWS Authorization.`);
    }
  }
}

function matches(claim: Claim, secretAccessKey: string, canonical: string): boolean {
  const expected = Buffer.from(signature(claim, secretAccessKey, canonical));
  const given = Buffer.from(claim.signature);
  return expected.length === given.length && timingSafeEqual(expected, given);
}

function signature(claim: Claim, secretAccessKey: string, canonical: string): string {
  const scope = `${claim.day}/${claim.region}/${claim.signingName}/aws4_request`;
  const key = signingKeys.find(secretAccessKey, claim);
  return createHmac('sha256', key)
    .update(`${algorithm}\n${claim.date}\n${scope}\n${hash('sha256', canonical)}`)
    .digest('hex');
}

const signingKeys = new SigningKeys();

/** *AWS: Elements of an AWS API request signature*: the request as signer and verifier must both see it. */
export function canonicalRequest(request: HttpRequest, claim: Claim, { withToken }: { withToken: boolean }): string {
  const headers = claim.signedHeaders.map(
    name => `${name}:${(request.headers[name] ?? '').trim().replace(/\s+/g, ' ')}\n`,
  );
  // None of these services has an operation with an unsigned body, so `UNSIGNED-PAYLOAD` simply does not match.
  const bodyHash = hash('sha256', request.body);
  return [
    request.method,
    canonicalPath(request.path),
    canonicalQuery(request.query, withToken),
    headers.join(''),
    claim.signedHeaders.join(';'),
    bodyHash,
  ].join('\n');
}

/**
 * The path a signature is about: as sent, without empty and dot segments; a slash at the end stays. Whoever acts on a signed request
 * acts on this path, or a signature for one thing would serve for another.
 */
export function signedPath(path: string): string {
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(segment);
  }
  const slash = segments.length > 0 && path.endsWith('/') ? '/' : '';
  return `/${segments.join('/')}${slash}`;
}

/** Encoded once more. */
const canonicalPath = (path: string): string => signedPath(path).split('/').map(percentEncode).join('/');

function canonicalQuery(query: string, withToken: boolean): string {
  return queryPairs(query)
    .map(([name, value]) => [canonicalText(name), canonicalText(value)] as const)
    .filter(([name]) => name !== 'X-Amz-Signature' && (withToken || name !== 'X-Amz-Security-Token'))
    .sort(([a, x], [b, y]) => compare(a, b) || compare(x, y))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

const canonicalText = (encoded: string): string => percentEncode(percentDecode(encoded) ?? encoded);
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const incomplete = (message: string): RequestError => new RequestError('IncompleteSignatureException', message);
const invalid = (message: string): RequestError => new RequestError('InvalidSignatureException', message);
