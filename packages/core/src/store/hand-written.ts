/** SQL written by hand, for the few statements whose compilation by Kysely would cost more than running them. */
import type { Store } from './store.ts';

/** The text with `?` for each parameter, as the dialect spells parameters. To be called once per statement, not per use. */
export function handWritten(dialect: Store['dialect'], text: string): string {
  if (dialect === 'sqlite') return text;
  let number = 0;
  return text.replaceAll('?', () => `$${++number}`);
}

const spellings = new Map<string, string>();

/** The same for a store, worked out once: for statements that are not kept anywhere. There must be few of them. */
export function spelled({ dialect }: Pick<Store, 'dialect'>, text: string): string {
  if (dialect === 'sqlite') return text;
  let known = spellings.get(text);
  if (known === undefined) {
    known = handWritten(dialect, text);
    spellings.set(text, known);
  }
  return known;
}
