/** The broker's limits as configured: one of its profiles, and single limits set by name. */
import { type Profile, profiles } from '@thingd/broker';

export type ProfileName = keyof typeof profiles;

export const profileNames = Object.keys(profiles) as ProfileName[];

/** A limit's name, and what it may be set to, for messages. */
export class LimitError extends Error {
  override readonly name = 'LimitError';
}

/** Fields whose value is one of several words. */
const words: Partial<Record<keyof Profile, readonly string[]>> = {
  publishDenied311: ['close', 'discard'],
  publishDeniedQoS0: ['close', 'discard'],
  subscribeDenied311: ['close', 'suback'],
};

/** Of these the broker needs at least one. */
const positive: ReadonlySet<keyof Profile> = new Set([
  'receiveMaximum',
  'maxInflight',
  'maxPacketBytes',
  'maxOutputBytes',
]);

const settable = (name: string): name is keyof Profile =>
  name in profiles.open && name !== 'name' && typeof profiles.open[name as keyof Profile] !== 'object';

/** The profile with the named limits set. Values come as text or JSON values. Throws `LimitError` naming the limit. */
export function composeLimits(profile: ProfileName, overrides: Readonly<Record<string, unknown>>): Profile {
  const composed: Record<string, unknown> = { ...profiles[profile] };
  for (const [name, value] of Object.entries(overrides)) {
    if (!settable(name)) {
      const names = Object.keys(profiles.open).filter(settable).sort();
      throw new LimitError(`there is no limit \`${name}\`; the limits are ${names.join(', ')}`);
    }
    composed[name] = readLimit(name, value);
  }
  return composed as unknown as Profile;
}

function readLimit(name: keyof Profile, value: unknown): number | boolean | string {
  const text = String(value);
  const allowed = words[name];
  if (allowed !== undefined) {
    if (allowed.includes(text)) return text;
    throw new LimitError(`\`${name}\` expects ${allowed.join(' or ')}, not \`${text}\``);
  }
  if (typeof profiles.open[name] === 'boolean') {
    if (text === 'true' || text === 'false') return text === 'true';
    throw new LimitError(`\`${name}\` expects true or false, not \`${text}\``);
  }
  const number = Number(text);
  const least = positive.has(name) ? 1 : 0;
  const most = name === 'maximumQoS' ? 2 : Number.MAX_SAFE_INTEGER;
  if (text.trim() !== '' && Number.isSafeInteger(number) && number >= least && number <= most) return number;
  const meaning = name === 'maximumQoS' ? '0, 1 or 2' : least === 1 ? 'a number from 1' : 'a number, 0 for no limit';
  throw new LimitError(`\`${name}\` expects ${meaning}, not \`${text}\``);
}
