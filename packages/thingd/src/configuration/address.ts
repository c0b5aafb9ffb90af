/** Where a listener listens, as people write it. */

export interface Address {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
}

/**
 * Reads `host:port`, `[v6]:port`, a bare port (on `defaultHost`), or `off`, which is null. Undefined if it is none of these.
 */
export function parseAddress(text: string, defaultHost: string): Address | null | undefined {
  if (text === 'off') return null;
  const [, bracketed, plain, digits] = /^(?:(?:\[([0-9a-fA-F:.%]+)\]|([^:[\]\s/]+)):)?(\d{1,5})$/.exec(text) ?? [];
  if (digits === undefined || Number(digits) > 65_535) return undefined;
  return { host: bracketed ?? plain ?? defaultHost, port: Number(digits) };
}

/** `host:port`, an IPv6 host in brackets. */
export const formatAddress = ({ host, port }: Address): string => `${host.includes(':') ? `[${host}]` : host}:${port}`;
