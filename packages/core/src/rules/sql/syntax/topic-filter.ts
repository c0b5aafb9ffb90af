/** What FROM accepts: an MQTT topic filter [MQTT-4.7.1]. */

/** What is wrong with a topic filter, or `undefined`. */
export function topicFilterComplaint(filter: string): string | undefined {
  if (filter === '') return 'a topic filter has at least one character';
  if (filter.includes('\0')) return 'a topic filter cannot contain the character U+0000';
  const levels = filter.split('/');
  for (const [index, level] of levels.entries()) {
    if (level.includes('#') && (level !== '#' || index < levels.length - 1)) {
      return `\`#\` must be the last level of a topic filter, alone: \`${filter}\``;
    }
    if (level.includes('+') && level !== '+') return `\`+\` must be a whole level of a topic filter: \`${filter}\``;
  }
  return undefined;
}
