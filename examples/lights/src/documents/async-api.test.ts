import { expect, test } from 'vitest';
import { obey } from '../bulb/obey.ts';
import { commandNames } from '../lights/commands.ts';
import { asyncApi } from './async-api.ts';

type Json = { readonly [key: string]: Json } & string;

const document = JSON.parse(JSON.stringify(asyncApi())) as Json;

const find = (reference: string): unknown =>
  reference
    .slice(2)
    .split('/')
    .reduce<Json | undefined>((at, key) => at?.[key], document);

test('every reference leads somewhere', () => {
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"(.*?)"/g)].map(([, reference]) => reference!);
  expect(references.length).toBeGreaterThan(commandNames.length);
  for (const reference of references) expect(find(reference), reference).toBeDefined();
});

test('every command is a message, with an example that a bulb obeys', () => {
  const messages = document.components!.messages!;
  const dark = { power: 'off', brightness: 1, color: '#000000' } as const;
  for (const name of commandNames) {
    const { examples } = messages[name] as unknown as { examples: [{ payload: Parameters<typeof obey>[1] }] };
    expect(examples[0].payload.command).toBe(name);
    const after = obey(dark, examples[0].payload);
    expect(Object.values(after)).not.toContain(undefined);
    if (name !== 'off') expect(after).not.toEqual(dark);
  }
});
