/** Who asks: the answer to a bearer token. */

export interface Person {
  /** With `subject`, unique in the world. */
  readonly issuer: string;
  readonly subject: string;
  /** Milliseconds since the epoch; after that they must show a new token. */
  readonly expiresAt: number;
}

export interface SignIn {
  /** What the page needs to let people sign in. */
  readonly announcement: SignInAnnouncement;
  /** Whom else than the backend the page speaks to for that. */
  readonly origins: readonly string[];
  /** Undefined for a token that is none of ours, forged or expired. */
  verify(token: string): Promise<Person | undefined>;
}

export type SignInAnnouncement =
  | { readonly mode: 'development' }
  | { readonly mode: 'oidc'; readonly issuer: string; readonly clientId: string; readonly scope: string };
