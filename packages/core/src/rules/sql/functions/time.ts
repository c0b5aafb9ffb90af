/** Times to text and back. */
import { parseTime } from '../time/jdk-parse.ts';
import { formatTime } from '../time/joda-format.ts';
import { zoneOf } from '../time/zone.ts';
import { toFloor, toText } from '../value/convert.ts';
import type { Arithmetic } from '../value/numbers.ts';
import type { FunctionTable } from './sql-function.ts';
import { bounded, ofTexts } from './text.ts';

export const timeFunctions = (arithmetic: Arithmetic): FunctionTable => ({
  parse_time: {
    kind: 'pure',
    since: '2016-03-23',
    arity: [2, 3],
    apply(pattern, time, ...zones) {
      const text = toText(pattern);
      const epochMs = toFloor(time, arithmetic);
      const id = zones.length === 0 ? 'UTC' : toText(zones[0]);
      if (text === undefined || epochMs === undefined || id === undefined) return undefined;
      const zone = zoneOf(id);
      const formatted = zone && formatTime(text, epochMs, zone);
      return formatted === undefined ? undefined : bounded(formatted);
    },
  },
  time_to_epoch: { ...ofTexts((text, pattern) => parseTime(text, pattern)), since: '2016-03-23' },
});
