/** SQL written by hand, for the few statements whose compilation by Kysely would cost more than running them. */
import type { Store } from './store.ts';

/** The text with `?` for each parameter, as the dialect spells parameters. To be called once per statement, not per use. */
export function handWritten(dialect: Store['dialect'], text: string): string {
  if (dialect === 'sqlite') return text;
  let number = 0;
  return text.replaceAll('?', () => `$${++number}`);
}
