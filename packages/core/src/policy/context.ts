/**
 * What is known about a connection or a request when its policies are evaluated: the values of condition keys, which are
 * also the values of policy variables (AWS: AWS IoT Core policy variables).
 */
import type { CertificateFacts } from '../identity/certificate-facts.ts';
import { certificateValues, isCertificateKey } from './certificate-keys.ts';

export interface PolicyContext {
  /** Values of a key, its name in any case; undefined if it has none here. */
  get(key: string): readonly string[] | undefined;
}

/** A feature of MQTT that a CONNECT asks for (AWS: connect policy examples). */
export type ConnectAttribute = 'PersistentConnect' | 'LastWill';

export interface ThingFacts {
  readonly thingName: string;
  readonly thingTypeName?: string | undefined;
  readonly attributes?: Readonly<Record<string, string>> | undefined;
}

/** Leave out what is not known; a key without value is a missing key. */
export interface ConnectionFacts {
  readonly clientId?: string | undefined;
  /** An IPv4 or IPv6 address. */
  readonly sourceIp?: string | undefined;
  readonly domainName?: string | undefined;
  /** The thing the connection was resolved to. */
  readonly thing?: ThingFacts | undefined;
  /** Whether the principal is attached to that thing. */
  readonly isAttached?: boolean | undefined;
  readonly certificate?: CertificateFacts | undefined;
  readonly certificateId?: string | undefined;
  readonly cognitoIdentityId?: string | undefined;
  /** What the CONNECT uses, when a CONNECT is decided; only `iot:Connect` sees it. */
  readonly connectAttributes?: readonly ConnectAttribute[] | undefined;
  /** `arn:…:topic/<will topic>`, when a CONNECT is decided; only `iot:Connect` sees it. */
  readonly lastWillTopic?: string | undefined;
  readonly secureTransport?: boolean | undefined;
  readonly userAgent?: string | undefined;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** Keys that change under a living connection; a decision that read one is good for that moment alone. */
export const timeKeys: ReadonlySet<string> = new Set(['aws:currenttime', 'aws:epochtime']);

/** Keys that only the decision about `iot:Connect` sees. */
export const connectKeys: ReadonlySet<string> = new Set(['iot:connectattributes', 'iot:lastwilltopic']);

const ATTRIBUTE_PREFIX = 'iot:connection.thing.attributes[';

/** The context of one connection or request. Keys are looked up when asked for: few policies ask for more than two. */
export function connectionContext(facts: ConnectionFacts): PolicyContext {
  return {
    get(key) {
      const name = key.toLowerCase();
      if (isCertificateKey(name)) return facts.certificate && certificateValues(facts.certificate, name);
      if (name.startsWith(ATTRIBUTE_PREFIX) && name.endsWith(']')) return single(attributeOf(facts.thing, key));
      if (name === 'iot:connectattributes') return facts.connectAttributes;
      return single(singleValue(facts, name));
    },
  };
}

/** The context as every action but `iot:Connect` sees it. */
export function withoutConnectKeys(context: PolicyContext): PolicyContext {
  return { get: key => (connectKeys.has(key.toLowerCase()) ? undefined : context.get(key)) };
}

function singleValue(facts: ConnectionFacts, name: string): string | undefined {
  switch (name) {
    case 'iot:clientid':
      return facts.clientId;
    case 'iot:domainname':
      return facts.domainName;
    case 'iot:certificateid':
      return facts.certificateId;
    case 'iot:connection.thing.thingname':
      return facts.thing?.thingName;
    case 'iot:connection.thing.thingtypename':
      return facts.thing?.thingTypeName;
    case 'iot:connection.thing.isattached':
      return facts.isAttached?.toString();
    case 'iot:lastwilltopic':
      return facts.lastWillTopic;
    case 'cognito-identity.amazonaws.com:sub':
      return facts.cognitoIdentityId;
    case 'aws:sourceip':
      return facts.sourceIp;
    case 'aws:securetransport':
      return facts.secureTransport?.toString();
    case 'aws:useragent':
      return facts.userAgent;
    case 'aws:currenttime':
      return new Date(facts.now()).toISOString();
    case 'aws:epochtime':
      return Math.floor(facts.now() / 1000).toString();
    default:
      return undefined;
  }
}

/** Names of thing attributes differ by case (`Site` and `site` are two), unlike names of keys. */
function attributeOf(thing: ThingFacts | undefined, key: string): string | undefined {
  const name = key.slice(ATTRIBUTE_PREFIX.length, -1);
  const attributes = thing?.attributes;
  return attributes !== undefined && Object.hasOwn(attributes, name) ? attributes[name] : undefined;
}

const single = (value: string | undefined): readonly string[] | undefined =>
  value === undefined ? undefined : [value];
