/** Topic names and topic filters: what is a good one, and which filter matches which name. [MQTT5 4.7] */
import { MqttError, ReasonCode } from '../codec/reason-code.ts';

const MAXIMUM_BYTES = 65_535;
const SHARE_PREFIX = '$share/';

/** How a filter is matched where the specification and a service differ. */
export interface MatchOptions {
  /** Whether `a/#` matches `a` too: so says the specification [MQTT5 4.7.1.2], not so in AWS IoT. Default true. */
  readonly hashMatchesParent?: boolean;
}

/** Throws `MqttError(topicNameInvalid)` unless one can publish to `topic`. [MQTT-4.7.1-1, MQTT-4.7.3-1..3] */
export function checkTopicName(topic: string): void {
  const fault = topic.includes('#') || topic.includes('+') ? 'holds a wildcard' : faultOfText(topic);
  if (fault !== undefined) throw new MqttError(ReasonCode.topicNameInvalid, `topic name \`${topic}\` ${fault}`);
}

/** Throws `MqttError(topicFilterInvalid)` unless one can subscribe to `filter`, shared or not. [MQTT5 4.7.1, 4.8.2] */
export function checkTopicFilter(filter: string): void {
  const fault = faultOfText(filter) ?? faultOfFilter(filter);
  if (fault !== undefined) throw new MqttError(ReasonCode.topicFilterInvalid, `topic filter \`${filter}\` ${fault}`);
}

function faultOfText(text: string): string | undefined {
  if (text.length === 0) return 'is empty'; // [MQTT-4.7.3-1]
  if (text.includes('\0')) return 'holds U+0000'; // [MQTT-4.7.3-2]
  // A character takes three bytes at most, so short ones need no counting.
  if (text.length * 3 > MAXIMUM_BYTES && Buffer.byteLength(text) > MAXIMUM_BYTES) {
    return `is longer than ${MAXIMUM_BYTES} bytes`; // [MQTT-4.7.3-3]
  }
  return undefined;
}

function faultOfFilter(filter: string): string | undefined {
  if (!filter.startsWith(SHARE_PREFIX)) return faultOfLevels(filter, 0);
  const slash = filter.indexOf('/', SHARE_PREFIX.length);
  if (slash === -1 || slash === filter.length - 1) return 'has no filter after its share name'; // [MQTT-4.8.2-2]
  const shareName = filter.slice(SHARE_PREFIX.length, slash);
  if (shareName.length === 0) return 'has an empty share name'; // [MQTT-4.8.2-1]
  if (shareName.includes('#') || shareName.includes('+')) return 'has a wildcard in its share name'; // [MQTT-4.8.2-2]
  return faultOfLevels(filter, slash + 1);
}

function faultOfLevels(filter: string, from: number): string | undefined {
  for (let i = from; i < filter.length; i++) {
    const character = filter[i];
    if (character !== '+' && character !== '#') continue;
    const startsLevel = i === from || filter[i - 1] === '/';
    const last = i === filter.length - 1;
    if (character === '#' && !(startsLevel && last)) return 'has `#` elsewhere than alone in its last level'; // [MQTT-4.7.1-1]
    if (!startsLevel || !(last || filter[i + 1] === '/')) return 'has `+` beside other characters in a level'; // [MQTT-4.7.1-2]
  }
  return undefined;
}

/** The two parts of a shared subscription's filter, or undefined for any other. Takes a filter that passed `checkTopicFilter`. */
export function parseSharedFilter(filter: string): { shareName: string; filter: string } | undefined {
  if (!filter.startsWith(SHARE_PREFIX)) return undefined;
  const slash = filter.indexOf('/', SHARE_PREFIX.length);
  if (slash === -1) return undefined;
  return { shareName: filter.slice(SHARE_PREFIX.length, slash), filter: filter.slice(slash + 1) };
}

/**
 * Whether a good, unshared filter matches a good topic name: the rules spelled out, level by level.
 *
 * ```ts
 * topicMatches('sensors/+/temperature', 'sensors/kitchen/temperature') // true
 * topicMatches('#', '$aws/things/lamp/shadow/update') // false [MQTT-4.7.2-1]
 * ```
 */
export function topicMatches(filter: string, topic: string, { hashMatchesParent = true }: MatchOptions = {}): boolean {
  if (topic.startsWith('$') && (filter.startsWith('+') || filter.startsWith('#'))) return false; // [MQTT-4.7.2-1]
  const wanted = filter.split('/');
  const levels = topic.split('/');
  for (let i = 0; i < wanted.length; i++) {
    if (wanted[i] === '#') return i < levels.length || hashMatchesParent;
    if (i >= levels.length || (wanted[i] !== '+' && wanted[i] !== levels[i])) return false;
  }
  return wanted.length === levels.length;
}
