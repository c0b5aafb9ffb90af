/** Which realm a device means, where its certificate or its CA is registered in several. */
import { type Realm, realmKey } from '@thingd/core';

/**
 * The realm among `candidates` that a device asked for by the server name it sent (SNI): one whose region, and whose account
 * where the name has one, stand in the name as labels, as in `123456789012.iot.eu-west-1.example.com`. Without such labels the
 * only candidate, or else the default realm. Undefined if that leaves none, or several.
 */
export function chooseRealm(
  candidates: readonly Realm[],
  serverName: string | undefined,
  defaultRealm: Realm,
): Realm | undefined {
  const labels = new Set(serverName?.toLowerCase().split('.'));
  const accountNamed = [...labels].some(label => /^\d{12}$/.test(label));
  const meant = candidates.filter(
    ({ accountId, region }) => labels.has(region) && (!accountNamed || labels.has(accountId)),
  );
  if (meant.length > 0) return meant.length === 1 ? meant[0] : defaultAmong(meant, defaultRealm);
  return candidates.length === 1 ? candidates[0] : defaultAmong(candidates, defaultRealm);
}

const defaultAmong = (candidates: readonly Realm[], defaultRealm: Realm): Realm | undefined =>
  candidates.find(candidate => realmKey(candidate) === realmKey(defaultRealm));
