/** Guesses what a misspelt name was meant to be, for messages. */

/** Longer names are not compared: the work grows with the square of their length. */
const MAX_LENGTH = 100;

/** The name among `known` that is a few keystrokes from `name`, in any case of letters; undefined if none is near. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  if (name.length > MAX_LENGTH) return undefined;
  let best: string | undefined;
  // A third of the letters wrong is no misspelling any more.
  let bestDistance = Math.min(3, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Levenshtein's distance: letters to insert, delete or replace. */
function editDistance(from: string, to: string): number {
  let above = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const replaced = above[column - 1]! + (from[row - 1] === to[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, above[column]! + 1, current[column - 1]! + 1));
    }
    above = current;
  }
  return above[to.length]!;
}

/** The end of a message about an unknown name. */
export const didYouMean = (guess: string | undefined): string =>
  guess === undefined ? '' : `; did you mean \`${guess}\`?`;
