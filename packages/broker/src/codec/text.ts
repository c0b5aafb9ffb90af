/** UTF-8 strings as they come off the wire: checked once, decoded by the cheapest way their bytes allow. [MQTT5 1.5.4] */
import { isUtf8 } from 'node:buffer';
import { MqttError, malformed, ReasonCode } from './reason-code.ts';

const NON_ASCII = 1;
const NUL = 2;
const WILDCARD = 4;

/** Which of the three things that matter occur in the bytes. One pass: most strings are short and plain ASCII. */
function scan(buffer: Buffer, start: number, end: number): number {
  let seen = 0;
  for (let i = start; i < end; i++) {
    const byte = buffer[i]!;
    if (byte > 0x7f) seen |= NON_ASCII;
    else if (byte === 0x23 || byte === 0x2b) seen |= WILDCARD;
    else if (byte === 0) seen |= NUL;
  }
  return seen;
}

function decode(buffer: Buffer, start: number, end: number, seen: number): string {
  if ((seen & NUL) !== 0) throw malformed('a string holds U+0000'); // [MQTT-1.5.4-2]
  if ((seen & NON_ASCII) === 0) return buffer.toString('latin1', start, end);
  // Overlong forms and surrogates are not UTF-8 either. [MQTT-1.5.4-1]
  if (!isUtf8(buffer.subarray(start, end))) throw malformed('a string is not valid UTF-8');
  return buffer.toString('utf8', start, end); // keeps a leading U+FEFF [MQTT-1.5.4-3]
}

/** The string in `buffer[start..end)`. Throws `MqttError(malformedPacket)` on invalid UTF-8 and on U+0000. */
export function decodeString(buffer: Buffer, start: number, end: number): string {
  return decode(buffer, start, end, scan(buffer, start, end));
}

/** As `decodeString`, for a topic name: throws `MqttError(topicNameInvalid)` on a wildcard. An empty name passes. [MQTT-3.3.2-2] */
export function decodeTopicName(buffer: Buffer, start: number, end: number): string {
  const seen = scan(buffer, start, end);
  const topic = decode(buffer, start, end, seen);
  if ((seen & WILDCARD) !== 0)
    throw new MqttError(ReasonCode.topicNameInvalid, `topic name \`${topic}\` holds a wildcard`);
  return topic;
}
