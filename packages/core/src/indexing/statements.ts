/** Statements over lists, in so few lengths that a database prepares each once. */
import { spelled } from '../store/hand-written.ts';
import type { SqlValue, Store } from '../store/store.ts';

const lengths = [64, 8, 1];

/** Cuts a list into pieces of the lengths above. */
export function* pieces<T>(list: readonly T[]): Generator<readonly T[]> {
  let start = 0;
  for (const length of lengths) {
    for (; list.length - start >= length; start += length) yield list.slice(start, start + length);
  }
}

/** Reads `text` for each piece of `list`, which stands in for its `(…)` after all other parameters. */
export async function readPieces<R>(
  store: Store,
  text: string,
  parameters: readonly SqlValue[],
  list: readonly SqlValue[],
): Promise<R[]> {
  const reads = Array.from(pieces(list), piece => {
    const marks = Array(piece.length).fill('?').join(', ');
    return store.all<R>({ sql: spelled(store, text.replace('…', marks)), parameters: [...parameters, ...piece] });
  });
  return (await Promise.all(reads)).flat();
}
