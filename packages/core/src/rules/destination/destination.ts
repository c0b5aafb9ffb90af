/** A destination of HTTP actions: a URL whose owner has confirmed that rules may call it (AWS: "HTTP action destinations"). */
import { randomUUID } from 'node:crypto';
import { iotArn, type Realm } from '../../realm.ts';

export type DestinationStatus = 'ENABLED' | 'IN_PROGRESS' | 'DISABLED' | 'ERROR' | 'DELETING';

export interface Destination {
  readonly arn: string;
  /** What every URL of an action must begin with. */
  readonly confirmationUrl: string;
  readonly status: DestinationStatus;
  readonly statusReason: string | undefined;
  /** Whoever knows it owns the URL. */
  readonly confirmationToken: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly lastUpdatedAt: number;
}

export const newDestinationArn = (realm: Realm): string => iotArn(realm, `ruledestination/http/${randomUUID()}`);

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
