/** An HTTP request and response as values, so that everything between them can be a function. */

export interface HttpRequest {
  readonly method: string;
  /** The path as it came, percent-encoding untouched: `%2F` and `/` differ. */
  readonly path: string;
  /** What follows the first `?`, undecoded; empty when there is none. */
  readonly query: string;
  /** Names in lower case; a repeated header's values are joined by a comma. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  /** Whether it came over TLS. */
  readonly secure: boolean;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}
