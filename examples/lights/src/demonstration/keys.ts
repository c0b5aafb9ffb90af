/** The terminal's keys: digits are wall switches, q and Ctrl-C end. */
import type { ChildProcess } from 'node:child_process';

export function switchByKeys(bulbs: readonly ChildProcess[], stop: () => void): void {
  const { stdin } = process;
  if (!stdin.isTTY) return;
  stdin.setRawMode(true);
  stdin.setEncoding('utf8');
  stdin.on('data', (key: string) => {
    if (key === 'q' || key === '\x03') return stop();
    bulbs[Number(key) - 1]?.stdin?.write('\n');
  });
}
