import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chatBody, chatFormats } from './chat.ts';

const textOf = (body: object): string => Object.values(body)[0] as string;

test('nobody is called by what a device says', () => {
  expect(chatBody('slack', '<!channel> a & b')).toEqual({ text: '&lt;!channel&gt; a &amp; b' });
  expect(textOf(chatBody('googleChat', '<users/all>'))).not.toContain('<users/all>');
  expect(chatBody('discord', '@everyone')).toEqual({ content: '@everyone', allowed_mentions: { parse: [] } });
});

const bytes = (text: string): number => Buffer.byteLength(JSON.stringify({ text }));
const fits: Record<(typeof chatFormats)[number], (text: string) => boolean> = {
  slack: text => text.length <= 40_000,
  googleChat: text => bytes(text) <= 32_000,
  discord: text => text.length <= 2000,
};

test.each(chatFormats)('what %s takes is never exceeded, and no character is halved', format => {
  const pieces = fc.array(fc.constantFrom('a', '<', '&', 'ü', '🙂', '"', '\n'), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(pieces, fc.integer({ min: 1, max: 45_000 }), (parts, length) => {
      const unit = parts.join('');
      const text = textOf(chatBody(format, unit.repeat(Math.ceil(length / unit.length))));
      expect(fits[format](text)).toBe(true);
      expect(text.isWellFormed()).toBe(true);
      if (format === 'slack') expect(text.replaceAll(/&(amp|lt|gt);/g, '')).not.toMatch(/[&<>]/);
    }),
    { numRuns: 50 },
  );
});
