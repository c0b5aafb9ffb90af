/** A realm is one account in one region: everything belongs to exactly one, and nothing crosses between them. */
export interface Realm {
  /** Twelve digits. */
  readonly accountId: string;
  readonly region: string;
}

/** The realm as one string, `<accountId>/<region>`: the key of every table and the broker's topic space. */
export const realmKey = (realm: Realm): string => `${realm.accountId}/${realm.region}`;

/** The realm a key of `realmKey` stands for. */
export function realmOfKey(key: string): Realm {
  const slash = key.indexOf('/');
  return { accountId: key.slice(0, slash), region: key.slice(slash + 1) };
}

/** The partition a region lies in, as AWS names it. */
export function partitionOf(region: string): 'aws' | 'aws-cn' | 'aws-us-gov' {
  if (region.startsWith('cn-')) return 'aws-cn';
  if (region.startsWith('us-gov-')) return 'aws-us-gov';
  return 'aws';
}

/** `arn:<partition>:iot:<region>:<account>:<resource>`, where `resource` is for example `thing/lamp-1`. */
export const iotArn = (realm: Realm, resource: string): string =>
  `arn:${partitionOf(realm.region)}:iot:${realm.region}:${realm.accountId}:${resource}`;

/** What an ARN of IoT's names: `type` and `name` of `arn:aws:iot:us-east-1:123456789012:thing/lamp-1` are `thing` and `lamp-1`. */
export interface IotResource {
  readonly realm: Realm;
  readonly type: string;
  readonly name: string;
}

/** Takes an IoT ARN apart; `undefined` for anything else. */
export function parseIotArn(arn: string): IotResource | undefined {
  const [prefix, partition, service, region, accountId, ...rest] = arn.split(':');
  const resource = rest.join(':');
  const slash = resource.indexOf('/');
  if (prefix !== 'arn' || service !== 'iot' || !region || !accountId || slash < 1) return undefined;
  if (partition !== partitionOf(region) || slash === resource.length - 1) return undefined;
  return { realm: { accountId, region }, type: resource.slice(0, slash), name: resource.slice(slash + 1) };
}
