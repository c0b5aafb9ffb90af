/** Publishes and bytes of one connection in the current second. AWS: quotas, "Publish requests per second per connection". */
import type { Profile } from '../profile.ts';

export class RateLimit {
  readonly #profile: Profile;
  #secondStart = 0;
  #publishes = 0;
  #bytes = 0;

  constructor(profile: Profile) {
    this.#profile = profile;
  }

  /** Counts one publish; true if it is one too many. */
  isOverPublishes(now: number): boolean {
    this.#turn(now);
    this.#publishes += 1;
    const { maxPublishesPerSecond } = this.#profile;
    return maxPublishesPerSecond > 0 && this.#publishes > maxPublishesPerSecond;
  }

  /** Counts bytes read; true if reading should wait for the next second. */
  isOverBytes(bytes: number, now: number): boolean {
    this.#turn(now);
    this.#bytes += bytes;
    const { maxBytesPerSecond } = this.#profile;
    return maxBytesPerSecond > 0 && this.#bytes > maxBytesPerSecond;
  }

  /** Bytes beyond the limit count towards the seconds that follow. True if reading may go on. */
  mayRead(now: number): boolean {
    this.#turn(now);
    return this.#bytes <= this.#profile.maxBytesPerSecond;
  }

  #turn(now: number): void {
    const seconds = Math.floor((now - this.#secondStart) / 1000);
    if (seconds < 1) return;
    this.#secondStart = now;
    this.#publishes = 0;
    this.#bytes = Math.max(0, this.#bytes - seconds * this.#profile.maxBytesPerSecond);
  }
}
