/**
 * On Linux, where each thread has a priority of its own, those with long work give way to the one that carries messages, wherever
 * there are fewer cores than threads with something to do.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';

/** The thread that calls this, for good. */
export function giveWay(): void {
  if (process.platform === 'linux') lower(0);
}

/** libuv's threads, which make device keys and read files. They start together, with the first work that there is for them. */
export function libuvGivesWay(): void {
  if (process.platform !== 'linux') return;
  for (const thread of readdirSync('/proc/self/task')) {
    try {
      if (readFileSync(`/proc/self/task/${thread}/comm`, 'utf8') === 'libuv-worker\n') lower(Number(thread));
    } catch {
      // One that has ended since it was listed.
    }
  }
}

/** A thread by its number, or with 0 the one that calls. Nobody needs permission to have less. */
const lower = (thread: number): void => setPriority(thread, Math.min(getPriority(thread) + 10, 19));
