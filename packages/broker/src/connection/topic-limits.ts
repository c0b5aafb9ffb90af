/** The bounds a profile sets on topics and filters beyond MQTT's own. AWS: quotas, "Topic size", "slashes in topic". */
import { MqttError, type ReasonCode } from '../codec/reason-code.ts';
import type { Profile } from '../profile.ts';

/** Throws `MqttError(reasonCode)` if `topic`, or a filter without its `$share/<name>/`, is too long or too deep. */
export function checkTopicLimits(profile: Profile, topic: string, reasonCode: ReasonCode): void {
  const { maxTopicBytes, maxTopicSlashes } = profile;
  if (maxTopicBytes === 0 && maxTopicSlashes === 0) return;
  const counted = countedPart(profile, topic);
  if (maxTopicBytes > 0 && Buffer.byteLength(counted) > maxTopicBytes) {
    throw new MqttError(reasonCode, `a topic has at most ${maxTopicBytes} bytes`);
  }
  if (maxTopicSlashes > 0 && slashes(counted) > maxTopicSlashes) {
    throw new MqttError(reasonCode, `a topic has at most ${maxTopicSlashes} slashes`);
  }
}

function countedPart(profile: Profile, topic: string): string {
  const exempt = profile.uncountedTopicPrefixes.find(({ prefix }) => topic.startsWith(prefix));
  if (exempt === undefined) return topic;
  let start = 0;
  for (let level = 0; level < exempt.levels; level++) {
    const slash = topic.indexOf('/', start);
    if (slash === -1) return '';
    start = slash + 1;
  }
  return topic.slice(start);
}

function slashes(topic: string): number {
  let count = 0;
  for (let at = topic.indexOf('/'); at !== -1; at = topic.indexOf('/', at + 1)) count += 1;
  return count;
}
