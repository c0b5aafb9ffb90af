/** A destination of actions: a URL whose owner has confirmed that rules may call it, or an InfluxDB (AWS: "Destinations"). */
import { randomUUID } from 'node:crypto';
import { ServiceError } from '../../errors.ts';
import { iotArn, type Realm } from '../../realm.ts';

export type DestinationStatus = 'ENABLED' | 'IN_PROGRESS' | 'DISABLED' | 'ERROR' | 'DELETING';

export interface HttpTarget {
  readonly kind: 'http';
  /** What every URL of an action must begin with. */
  readonly confirmationUrl: string;
}

export interface InfluxDbTarget {
  readonly kind: 'influxdb';
  readonly endpoint: string;
  readonly influxDBVersion: 'V2' | 'V3';
  /** A name or an ARN of Secrets Manager; the secret is the token, or JSON that has it as `secretKey`. */
  readonly secretId: string;
  readonly secretType?: 'SecretString' | 'SecretBinary' | undefined;
  readonly secretKey?: string | undefined;
}

export type DestinationTarget = HttpTarget | InfluxDbTarget;

export interface Destination {
  readonly arn: string;
  readonly target: DestinationTarget;
  readonly status: DestinationStatus;
  readonly statusReason: string | undefined;
  /** Whoever knows it owns the URL. New with each challenge. */
  readonly confirmationToken: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly lastUpdatedAt: number;
}

export const newDestinationArn = (realm: Realm, { kind }: DestinationTarget): string =>
  iotArn(realm, `ruledestination/${kind}/${randomUUID()}`);

/** Throws `InvalidRequestException` for what no action could call. AWS wants `https`; here whatever the operator's network has. */
export function checkTarget(target: DestinationTarget): void {
  const text = target.kind === 'http' ? target.confirmationUrl : target.endpoint;
  const url = URL.parse(text);
  const isHttp = url !== null && ['http:', 'https:'].includes(url.protocol) && !text.includes('${');
  if (!isHttp) throw invalid(`\`${text}\` is no URL that can be confirmed`);
  if (target.kind === 'http') return;
  // Those would stand in traces.
  if (url.username !== '' || url.password !== '') throw invalid('an endpoint has no user and no password in it');
  if (url.search !== '' || url.hash !== '') throw invalid(`\`${text}\` is no endpoint: it ends with its path`);
}

const invalid = (message: string): ServiceError => new ServiceError('InvalidRequestException', message);

/**
 * Whether an action may call `url`: it begins with the confirmed URL, and goes on where a part of it ends. AWS says "prefix";
 * `https://hook.example` must not let `https://hook.example.evil.net` pass.
 */
export function covers(confirmationUrl: string, url: string): boolean {
  if (!URL.canParse(url) || !URL.canParse(confirmationUrl)) return false;
  const confirmed = new URL(confirmationUrl);
  const asked = new URL(url);
  if (asked.origin !== confirmed.origin || asked.username !== '' || asked.password !== '') return false;
  return (asked.pathname + asked.search).startsWith(confirmed.pathname + confirmed.search);
}
