/** Time cut into slices that belong to one kind of load after the other, so that what else the machine does meets all kinds alike. */
import { setTimeout as elapsed } from 'node:timers/promises';

export interface Rounds {
  /** When the first slice begins, in ms since 1970: several processes go round together. */
  readonly from: number;
  readonly kinds: number;
  /** How often each kind has its turn. */
  readonly times: number;
  /** Milliseconds. */
  readonly slice: number;
  /** The first milliseconds of a slice, not measured: what the slice before has left is done in them. */
  readonly settle: number;
}

/** From when it is asked for. */
export interface Once {
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

/** One slice where there is but one kind. */
export function roundsOf(measured: Once | Rounds): Rounds {
  if ('kinds' in measured) return measured;
  const { warmUpSeconds, seconds } = measured;
  return { from: Date.now() + warmUpSeconds * 1000, kinds: 1, times: 1, slice: seconds * 1000, settle: 0 };
}

/** Whose slice it is. Before `from`, while all warms up, they take turns as well. */
export function kindAt({ from, kinds, slice }: Rounds, at: number): number {
  const kind = Math.floor((at - from) / slice) % kinds;
  return kind < 0 ? kind + kinds : kind;
}

/** Calls `begin` where a slice is measured from, and what that returned at its end. Resolves after the last. */
export async function goRound({ from, kinds, times, slice, settle }: Rounds, begin: (kind: number) => () => void) {
  for (let index = 0; index < kinds * times; index++) {
    const start = from + index * slice;
    await until(start + settle);
    const end = begin(index % kinds);
    await until(start + slice);
    end();
  }
}

const until = (at: number): Promise<void> => elapsed(at - Date.now());
