/**
 * What lights have told since the backend came up: their last report and whether they are there. The reports are retained
 * messages, so after a restart they come again; connectivity the index knows too, a little later, and the newer of both counts.
 */
import { EventEmitter } from 'node:events';
import type { Connectivity, LightState, LightUpdate, Rejected } from '../lights/light.ts';

interface Known {
  state?: LightState;
  connectivity?: Connectivity;
  /** Of the connection that is up. */
  session?: string | undefined;
}

export class LastKnown {
  readonly #lights = new Map<string, Known>();
  readonly #updates = new EventEmitter<{ update: [LightUpdate] }>().setMaxListeners(0);

  state(id: string): LightState | undefined {
    return this.#lights.get(id)?.state;
  }

  connectivity(id: string, indexed: Connectivity = { connected: false }): Connectivity {
    const heard = this.#lights.get(id)?.connectivity;
    return heard && time(heard) >= time(indexed) ? heard : indexed;
  }

  created(id: string, { name }: { name: string }): void {
    this.#updates.emit('update', { id, name, connectivity: { connected: false } });
  }

  reported(id: string, state: LightState): void {
    this.#of(id).state = state;
    this.#updates.emit('update', { id, state });
  }

  /** Nothing is kept of it; who watches is told. */
  rejected(id: string, rejected: Rejected): void {
    this.#updates.emit('update', { id, rejected });
  }

  /**
   * Presence events may overtake each other, and the end of a connection that another took over comes after the other's beginning:
   * only the end of the connection that is up makes a light unreachable. *AWS: Lifecycle events, "sessionIdentifier"*
   */
  presence(id: string, connectivity: Connectivity, session: string): void {
    const known = this.#of(id);
    if (known.connectivity && time(known.connectivity) > time(connectivity)) return;
    if (!connectivity.connected && known.session !== undefined && known.session !== session) return;
    known.connectivity = connectivity;
    known.session = connectivity.connected ? session : undefined;
    this.#updates.emit('update', { id, connectivity });
  }

  deleted(id: string): void {
    this.#lights.delete(id);
    this.#updates.emit('update', { id, deleted: true });
  }

  /** Answers what ends it. */
  onUpdate(listener: (update: LightUpdate) => void): () => void {
    this.#updates.on('update', listener);
    return () => this.#updates.off('update', listener);
  }

  #of(id: string): Known {
    let known = this.#lights.get(id);
    if (!known) {
      known = {};
      this.#lights.set(id, known);
    }
    return known;
  }
}

const time = ({ since }: Connectivity): number => (since === undefined ? 0 : Date.parse(since));
