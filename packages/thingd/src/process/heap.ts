/**
 * V8's heap, as a server wants it. V8 makes a heap as small as it can as soon as little has been allocated for eight seconds, or when
 * nothing has been collected for a hundred: its thread stands still for tens of milliseconds then, and again soon after, for so small
 * a heap is soon full (`bench/registry.ts`).
 */
import { setFlagsFromString } from 'node:v8';

/** Memory is given back as collections find it free. To be called before anything else: V8 waits from the first collection on. */
export function keepHeap(): void {
  setFlagsFromString(`--gc-memory-reducer-start-delay-ms=${longest}`);
}

/** Almost 25 days, the longest that V8 takes. */
const longest = 2 ** 31 - 1;
