import { expect, test } from 'vitest';
import { isSinkUrl, sinkAddress } from './sink.ts';

test.each([
  ['thingd:plant', 'plant', undefined],
  ['thingd:plant/', 'plant', ''],
  ['thingd:plant/a/b', 'plant', 'a/b'],
  ['thingd:plant/${topic()}', 'plant', '${topic()}'],
  ['thingd:plant/a\nb', 'plant', 'a\nb'],
])('%j names %s and %j', (url, sinkName, rest) => {
  expect(isSinkUrl(url)).toBe(true);
  expect(sinkAddress(url, [])).toEqual({ sinkName, rest, headers: [] });
});

test.each([
  'thingd:',
  'thingd:/a',
  'thingd:${x}',
  'thingd:a${x}',
  'thingd://plant',
  'thingd:a b',
  `thingd:${'a'.repeat(65)}`,
])('%j names no sink', url => {
  expect(() => sinkAddress(url, [])).toThrow('names no sink');
});
