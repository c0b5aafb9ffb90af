/** Times to text and back. */

import { parseTime } from '../time/jdk-parse.ts';
import { formatTime } from '../time/joda-format.ts';
import { zoneOf } from '../time/zone.ts';
import { toFloor, toText } from '../value/convert.ts';
import type { Arithmetic } from '../value/numbers.ts';
import { Undefined } from '../value/value.ts';
import type { FunctionTable } from './sql-function.ts';
import { bounded, ofTexts } from './text.ts';

export const timeFunctions = (arithmetic: Arithmetic): FunctionTable => ({
  parse_time: {
    kind: 'pure',
    since: '2016-03-23',
    arity: [2, 3],
    apply(pattern, time, zoneName = 'UTC') {
      const text = toText(pattern!);
      const epochMs = toFloor(time!, arithmetic);
      const id = toText(zoneName);
      if (text === Undefined || epochMs === Undefined || id === Undefined) return Undefined;
      const zone = zoneOf(id);
      const formatted = zone && formatTime(text, epochMs, zone);
      return formatted === undefined ? Undefined : bounded(formatted);
    },
  },
  time_to_epoch: {
    ...ofTexts((text, pattern) => parseTime(text, pattern) ?? Undefined),
    since: '2016-03-23',
  },
});
