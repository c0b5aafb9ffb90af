import { expect, test } from 'vitest';
import type { CommandMessage } from '../lights/commands.ts';
import { firstState, obey } from './obey.ts';

test.each<[CommandMessage, object]>([
  [{ command: 'off' }, { power: 'off' }],
  [{ command: 'on' }, { power: 'on' }],
  [{ command: 'brightness', level: 12 }, { brightness: 12 }],
  [{ command: 'color', value: '#00ff00' }, { color: '#00ff00' }],
])('%j changes nothing else, and twice is as once', (message, change) => {
  const once = obey(firstState, message);
  expect(once).toEqual({ ...firstState, ...change });
  expect(obey(once, message)).toEqual(once);
});

test('a command of tomorrow’s phones is ignored', () => {
  expect(obey(firstState, { command: 'dance' } as unknown as CommandMessage)).toBe(firstState);
});
