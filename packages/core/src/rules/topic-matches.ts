/** Whether a topic filter selects a topic [MQTT-4.7.1], for a listing; messages are matched by the broker's tree. */

/** `a/#` does not select `a` here, as on AWS; a filter that begins with a wildcard selects no topic that begins with `$`. */
export function topicMatches(filter: string, topic: string): boolean {
  if (topic.startsWith('$') && !filter.startsWith('$')) return false;
  const levels = topic.split('/');
  const parts = filter.split('/');
  for (const [index, part] of parts.entries()) {
    if (part === '#') return levels.length > index;
    if (index >= levels.length || (part !== '+' && part !== levels[index])) return false;
  }
  return levels.length === parts.length;
}
