/** Waiting as a parameter, so that an hour of retries is tested in microseconds. */
export interface Timers {
  /** Calls `callback` after `milliseconds`; returns how to call that off. Does not keep the program alive. */
  after(milliseconds: number, callback: () => void): () => void;
}

export const systemTimers: Timers = {
  after(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds).unref();
    return () => clearTimeout(timer);
  },
};
