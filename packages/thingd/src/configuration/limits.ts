/** Limits as configured: those of one profile, for HTTP, broker, shadows, registry, policies and indexes together, and single ones set by name. */
import { type Profile, profiles } from '@thingd/broker';
import {
  awsIndexingLimits,
  awsPolicyLimits,
  awsRegistryLimits,
  awsRuleLimits,
  type IndexingLimits,
  openIndexingLimits,
  openPolicyLimits,
  openRegistryLimits,
  openRuleLimits,
  type PolicyLimits,
  type RegistryLimits,
  type RuleLimits,
  type ShadowLimits,
  shadowLimits,
} from '@thingd/core';

/** Limits of the HTTP listeners. */
export interface HttpLimits {
  /** Bytes of a request's body. It is held in memory, and read before anyone knows who sends it. */
  readonly maxRequestBytes: number;
  /** Bytes of bodies that are arriving, over all connections. */
  readonly maxArrivingBytes: number;
}

/** Every limit there is, by name. */
export type Limits = HttpLimits & Profile & ShadowLimits & RegistryLimits & PolicyLimits & IndexingLimits & RuleLimits;

export type ProfileName = keyof typeof profiles;

export const profileNames = Object.keys(profiles) as ProfileName[];

const MiB = 1024 * 1024;

const limitsOf: Readonly<Record<ProfileName, Limits>> = {
  aws: {
    maxRequestBytes: 1 * MiB,
    maxArrivingBytes: 256 * MiB,
    ...profiles.aws,
    ...shadowLimits.aws,
    ...awsRegistryLimits,
    ...awsPolicyLimits,
    ...awsIndexingLimits,
    ...awsRuleLimits,
  },
  open: {
    maxRequestBytes: 16 * MiB,
    maxArrivingBytes: 256 * MiB,
    ...profiles.open,
    ...shadowLimits.open,
    ...openRegistryLimits,
    ...openPolicyLimits,
    ...openIndexingLimits,
    ...openRuleLimits,
  },
  strict: {
    maxRequestBytes: 16 * MiB,
    maxArrivingBytes: 256 * MiB,
    ...profiles.strict,
    ...shadowLimits.open,
    ...openRegistryLimits,
    ...openPolicyLimits,
    ...openIndexingLimits,
    ...openRuleLimits,
  },
};

/** A limit's name, and what it may be set to, for messages. */
export class LimitError extends Error {
  override readonly name = 'LimitError';
}

/** Fields whose value is one of several words. */
const words: Partial<Record<keyof Limits, readonly string[]>> = {
  publishDenied311: ['close', 'discard'],
  publishDeniedQoS0: ['close', 'discard'],
  subscribeDenied311: ['close', 'suback'],
  subscribeRefusal: ['reason', 'unspecified'],
};

/** Of these at least one is needed. */
const positive: ReadonlySet<keyof Limits> = new Set([
  'receiveMaximum',
  'maxInflight',
  'maxPacketBytes',
  'maxOutputBytes',
  'maxRequestBytes',
  'maxArrivingBytes',
  'maxShadowBytes',
  'maxShadowDepth',
]);

/** Of these 0 means none at all. */
const counted: ReadonlySet<string> = new Set(
  Object.keys({ ...awsRegistryLimits, ...awsPolicyLimits, ...awsIndexingLimits, ...awsRuleLimits }),
);

/** Upper bounds beyond which the program itself would not stand; documents are walked by recursion. */
const most: Partial<Record<keyof Limits, number>> = { maximumQoS: 2, maxShadowDepth: 1000 };

const settable = (name: string): name is keyof Limits =>
  name in limitsOf.open && name !== 'name' && typeof limitsOf.open[name as keyof Limits] !== 'object';

/** Every limit that can be set by name, in the order of the alphabet. */
export const limitNames: readonly string[] = Object.keys(limitsOf.open).filter(settable).sort();

/** The profile with the named limits set. Values come as text or JSON values. Throws `LimitError` naming the limit. */
export function composeLimits(profile: ProfileName, overrides: Readonly<Record<string, unknown>>): Limits {
  const composed: Record<string, unknown> = { ...limitsOf[profile] };
  for (const [name, value] of Object.entries(overrides)) {
    if (!settable(name)) {
      throw new LimitError(`there is no limit \`${name}\`; the limits are ${limitNames.join(', ')}`);
    }
    composed[name] = readLimit(name, value);
  }
  return composed as unknown as Limits;
}

function readLimit(name: keyof Limits, value: unknown): number | boolean | string {
  const text = String(value);
  const allowed = words[name];
  if (allowed !== undefined) {
    if (allowed.includes(text)) return text;
    throw new LimitError(`\`${name}\` expects ${allowed.join(' or ')}, not \`${text}\``);
  }
  if (typeof limitsOf.open[name] === 'boolean') {
    if (text === 'true' || text === 'false') return text === 'true';
    throw new LimitError(`\`${name}\` expects true or false, not \`${text}\``);
  }
  const number = Number(text);
  const least = positive.has(name) ? 1 : 0;
  if (text.trim() !== '' && Number.isSafeInteger(number) && number >= least && number <= (most[name] ?? number))
    return number;
  throw new LimitError(`\`${name}\` expects ${meaningOf(name, least)}, not \`${text}\``);
}

function meaningOf(name: keyof Limits, least: number): string {
  if (name === 'maximumQoS') return '0, 1 or 2';
  if (least === 1) return `a number from 1${name in most ? ` to ${most[name]}` : ''}`;
  return counted.has(name) ? 'a number' : 'a number, 0 for no limit';
}
