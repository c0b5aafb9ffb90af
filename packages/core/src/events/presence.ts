/**
 * Which version number each connection of a client has, and how its last one ended: the memory behind lifecycle events and
 * `GetConnection`. *AWS: Lifecycle events, "versionNumber"*: it rises with each connection of a client id, is the same when the
 * connection begins and ends, and starts over once the client has been away for about an hour, or longer than its session.
 */
import type { Clock } from '../clock.ts';

/** How a client's last connection ended, as `GetConnection` tells it. */
export interface Departure {
  /** Milliseconds since the epoch. */
  readonly disconnectedAt: number;
  readonly disconnectReason: string;
  readonly thingName: string | undefined;
  /** As agreed; seconds. */
  readonly keepAlive: number;
  readonly cleanSession: boolean;
  /** Seconds the session outlives the connection. */
  readonly sessionExpiryInterval: number;
}

interface Away {
  readonly versionNumber: number;
  readonly departure: Departure;
}

export interface PresenceOptions {
  /**
   * The first version number of clients this process has never seen: above all that an earlier process gave out, so that a
   * restart does not look like the past.
   */
  readonly firstVersion?: number;
  /** Clients remembered after they have gone; beyond it those longest away are forgotten. */
  readonly capacity?: number;
}

const hour = 3_600_000;
/** AWS: GetConnection, `disconnectedSince`: available for 30 minutes after the client disconnects. */
const departureKept = hour / 2;

export class Presence {
  readonly #clock: Clock;
  readonly #firstVersion: number;
  readonly #capacity: number;
  readonly #startedAt: number;
  /** By client, the version number of the connection it has. */
  readonly #connected = new Map<string, number>();
  /** Longest away first, but for those whose session keeps them. */
  readonly #away = new Map<string, Away>();

  constructor(clock: Clock, { firstVersion = 0, capacity = 100_000 }: PresenceOptions = {}) {
    this.#clock = clock;
    this.#firstVersion = firstVersion;
    this.#capacity = capacity;
    this.#startedAt = clock.now();
  }

  /**
   * A client has connected; answers the version number of this connection. `client` is unique among all realms. `mayHaveSession`:
   * it asked for a session it may have left behind, however long ago.
   */
  connected(client: string, mayHaveSession: boolean): number {
    const away = this.#remembered(client);
    this.#away.delete(client);
    const versionNumber = away !== undefined ? away.versionNumber + 1 : this.#unseen(mayHaveSession);
    this.#connected.set(client, versionNumber);
    return versionNumber;
  }

  /** Its connection has ended; answers the version number that connection had. */
  disconnected(client: string, departure: Departure): number {
    const versionNumber = this.#connected.get(client) ?? 0;
    this.#connected.delete(client);
    this.#away.delete(client);
    this.#away.set(client, { versionNumber, departure });
    this.#forget();
    return versionNumber;
  }

  /** The version number of the connection the client has. */
  versionNumber(client: string): number | undefined {
    return this.#connected.get(client);
  }

  /** How the client's last connection ended, for half an hour. */
  departure(client: string): Departure | undefined {
    const departure = this.#away.get(client)?.departure;
    return departure !== undefined && this.#clock.now() - departure.disconnectedAt < departureKept
      ? departure
      : undefined;
  }

  /** Clients that are away and still remembered. */
  get remembered(): number {
    return this.#away.size;
  }

  #remembered(client: string): Away | undefined {
    const away = this.#away.get(client);
    return away === undefined || this.#isOver(away) ? undefined : away;
  }

  #isOver({ departure: { disconnectedAt, sessionExpiryInterval } }: Away): boolean {
    return this.#clock.now() - disconnectedAt >= Math.max(hour, sessionExpiryInterval * 1000);
  }

  /** Who has not been here for as long as this process runs has been away for at least that long. */
  #unseen(mayHaveSession: boolean): number {
    const awayLong = !mayHaveSession && this.#clock.now() - this.#startedAt >= hour;
    return awayLong ? 0 : this.#firstVersion;
  }

  /** Looks at the two at the front whenever one comes to the back, so that memory follows what is worth remembering. */
  #forget(): void {
    for (let looks = 0; looks < 2; looks++) {
      const front = this.#away.entries().next().value;
      if (front === undefined) return;
      const [client, away] = front;
      const over = this.#isOver(away);
      const waiting = !over && this.#clock.now() - away.departure.disconnectedAt < hour;
      if (waiting && this.#away.size <= this.#capacity) return;
      this.#away.delete(client);
      if (!over && this.#away.size < this.#capacity) this.#away.set(client, away);
    }
  }
}
