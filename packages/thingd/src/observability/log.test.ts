import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { createLog, formatLine } from './log.ts';

function linesOf(write: (log: ReturnType<typeof createLog>) => void): string[] {
  const lines: string[] = [];
  write(createLog('info', { write: line => lines.push(line) }));
  return lines;
}

test('an event is one JSON line with its fields, and nothing of the machine', () => {
  const [line = ''] = linesOf(log => log.info({ event: 'publish.denied', clientId: 'lamp' }));
  expect(JSON.parse(line)).toEqual({
    level: 'info',
    time: expect.any(String),
    event: 'publish.denied',
    clientId: 'lamp',
  });
});

test('for people it is a line of words, with a stack beneath where something failed', () => {
  const lines = linesOf(log => {
    log.info({ event: 'publish.denied', clientId: 'lamp', topic: 'a b', missing: ['x'] });
    log.error({ event: 'failed', error: new Error('no', { cause: new TypeError('why') }) });
  });
  const [denied = '', failed = ''] = lines.map(line => stripVTControlCharacters(formatLine(line)));
  expect(denied).toMatch(/^\d\d:\d\d:\d\d\.\d{3} publish\.denied clientId=lamp topic="a b" missing=\["x"\]\n$/);
  expect(failed).toMatch(/ failed\n {2}Error: no\n {6}at [\s\S]*\n {2}TypeError: why\n {6}at /);
});

test('no name that a stranger chose commands the terminal', () => {
  const [line = ''] = linesOf(log =>
    log.info({ event: 'connect.refused', clientId: '\u001b[2J', reason: 'a \u009b2J' }),
  );
  expect(formatLine(line)).toContain('"\\u001b[2J"');
  expect(formatLine(line)).toContain('"a \\u009b2J"');
});
