/** A program under test whose clock is ahead, so that nobody waits for a minute to begin. */

/** The environment of a Node program to be started now, for which a minute begins in so many seconds. */
export function minuteBeginsIn(seconds: number): Readonly<Record<string, string>> {
  const ahead = (120_000 - seconds * 1000 - (Date.now() % 60_000)) % 60_000;
  const code = `const now=Date.now;Date.now=()=>now()+${ahead}`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}` };
}
