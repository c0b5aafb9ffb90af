/** Who calls of AWS are signed as, asked for once for as long as the answer is good. */
import type { Clock } from '@thingd/core';

export interface SigningIdentity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  readonly expiration?: Date | undefined;
}

export type CredentialsProvider = () => Promise<SigningIdentity>;

/** Milliseconds before they expire that credentials are renewed, as the SDK's own are. */
const renewal = 5 * 60_000;

/** Asks `provider` again when what it gave is about to expire, or when it failed. */
export function keptUntilExpiry(provider: CredentialsProvider, clock: Clock): CredentialsProvider {
  let kept: Promise<SigningIdentity> | undefined;
  const ask = (): Promise<SigningIdentity> => {
    const asked = provider();
    kept = asked;
    asked.catch(() => {
      if (kept === asked) kept = undefined;
    });
    return asked;
  };
  return async () => {
    if (kept === undefined) return ask();
    const identity = await kept;
    const { expiration } = identity;
    if (expiration === undefined || expiration.getTime() - clock.now() > renewal) return identity;
    return ask();
  };
}
