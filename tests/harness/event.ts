/** The next event of an emitter, whatever the package calls its emitter type. */
import { type EventEmitter, once } from 'node:events';
import { withDeadline } from './eventually.ts';

interface Emitter {
  // biome-ignore lint/suspicious/noExplicitAny: each package types its own events
  once(event: any, listener: any): unknown;
}

/**
 * The arguments of the next `event`. Call it before what causes the event, await it after.
 * Rejects after `within` milliseconds, and where the emitter emits `error` first.
 */
// biome-ignore lint/suspicious/noExplicitAny: each package types its own events
export function nextEvent(emitter: Emitter, event: string, within = 10_000): Promise<any[]> {
  const arrival = withDeadline(`the event ${event}`, once(emitter as EventEmitter, event), within);
  arrival.catch(() => {}); // whoever awaits it sees the error
  return arrival;
}
