/** A realm is one account in one region: everything belongs to exactly one, and nothing crosses between them. */
export interface Realm {
  /** Twelve digits. */
  readonly accountId: string;
  readonly region: string;
}

/** The realm as one string, `<accountId>/<region>`: the key of every table and the broker's topic space. */
export const realmKey = (realm: Realm): string => `${realm.accountId}/${realm.region}`;

/** The partition a region lies in, as AWS names it. */
export function partitionOf(region: string): 'aws' | 'aws-cn' | 'aws-us-gov' {
  if (region.startsWith('cn-')) return 'aws-cn';
  if (region.startsWith('us-gov-')) return 'aws-us-gov';
  return 'aws';
}

/** `arn:<partition>:iot:<region>:<account>:<resource>`, where `resource` is for example `thing/lamp-1`. */
export const iotArn = (realm: Realm, resource: string): string =>
  `arn:${partitionOf(realm.region)}:iot:${realm.region}:${realm.accountId}:${resource}`;
