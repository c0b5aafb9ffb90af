/** Statements over lists, in so few lengths that a database prepares each once. */
import { spelled } from '../store/hand-written.ts';
import type { SqlValue, Store } from '../store/store.ts';

const lengths = [64, 16, 4, 1];

/** Cuts a list into pieces of the lengths above. */
export function* pieces<T>(list: readonly T[]): Generator<readonly T[]> {
  let start = 0;
  for (const length of lengths) {
    for (; list.length - start >= length; start += length) yield list.slice(start, start + length);
  }
}

/** The same in fewer pieces, the last of which may have its last item several times. */
export function* filledPieces<T>(list: readonly T[]): Generator<readonly T[]> {
  let rest = list;
  while (rest.length > 0) {
    const enough = lengths.findLast(length => length >= rest.length && length <= 2 * rest.length);
    if (enough !== undefined) return yield [...rest, ...Array<T>(enough - rest.length).fill(rest.at(-1) as T)];
    const length = lengths.find(length => length <= rest.length) as number;
    yield rest.slice(0, length);
    rest = rest.slice(length);
  }
}

/** Reads `text` with all of `list`, a set of values that stands in for its `(…)` after all other parameters. */
export async function readPieces<R>(
  store: Store,
  text: string,
  parameters: readonly SqlValue[],
  list: readonly SqlValue[],
): Promise<R[]> {
  const reads = Array.from(filledPieces(list), piece => {
    const marks = Array(piece.length).fill('?').join(', ');
    return store.all<R>({ sql: spelled(store, text.replace('…', marks)), parameters: [...parameters, ...piece] });
  });
  return (await Promise.all(reads)).flat();
}
