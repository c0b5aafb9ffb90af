/** The names that clients may call this server by, and its certificate has. */
import { isIP } from 'node:net';
import type { Realm } from '@thingd/core';

/**
 * The host name, and for each region `<region>.<host name>` and any label before it: by such a name (SNI) a device says which realm
 * it means. An address has no such names.
 */
export function serverNames(hostname: string, realms: readonly Realm[]): string[] {
  if (isIP(hostname)) return [hostname];
  const regions = new Set(realms.map(({ region }) => region));
  return [hostname, ...[...regions].flatMap(region => [`${region}.${hostname}`, `*.${region}.${hostname}`])];
}
