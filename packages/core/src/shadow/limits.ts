/** What a shadow may be and how often it may be asked for, as data: AWS's quotas, or nothing but memory safety. */

/** Counts and sizes: 0 is no limit, but for bytes and depth, which are at least 1. */
export interface ShadowLimits {
  /** UTF-8 bytes of `desired` and `reported` as stored; metadata does not count. */
  readonly maxShadowBytes: number;
  /** Levels inside `desired` or `reported`; the section itself is the first. */
  readonly maxShadowDepth: number;
  /** Bytes of a request's `clientToken`. */
  readonly maxClientTokenBytes: number;
  /** Unanswered requests of one client about one thing, over MQTT. */
  readonly maxShadowRequestsInFlight: number;
  /** Requests about one shadow, over MQTT and HTTPS together. */
  readonly maxShadowRequestsPerSecond: number;
}

/**
 * The quotas of AWS. (AWS: general reference, "AWS IoT Device Shadow API limits".) The error about depth names another
 * figure (6), and is kept as AWS words it.
 */
const aws: ShadowLimits = {
  maxShadowBytes: 8192,
  maxShadowDepth: 8,
  maxClientTokenBytes: 64,
  maxShadowRequestsInFlight: 10,
  maxShadowRequestsPerSecond: 20,
};

const open: ShadowLimits = {
  maxShadowBytes: 512 * 1024,
  maxShadowDepth: 100,
  maxClientTokenBytes: 1024,
  maxShadowRequestsInFlight: 1000,
  maxShadowRequestsPerSecond: 0,
};

export const shadowLimits: { readonly aws: ShadowLimits; readonly open: ShadowLimits } = { aws, open };

/** What a request has around its sections: `{"state":{"desired":…},"version":…,"clientToken":…}`. */
export const envelopeBytes = 1024;
