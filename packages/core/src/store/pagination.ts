/**
 * Pages of a listing. A token is the position of the last row shown, not an offset, so rows that come or go between two pages
 * neither repeat nor hide others.
 *
 * It is opaque to callers and written in hexadecimal, which fits AWS's pattern for a `Marker` and needs no escaping in a URL.
 */
import { ServiceError } from '../errors.ts';

/** The values of a row that the listing is ordered by; together they are unique. */
export type Position = readonly (string | number)[];

export interface PageRequest {
  readonly nextToken?: string | undefined;
  readonly maxResults?: number | undefined;
}

export interface Page<T> {
  readonly items: T[];
  /** Absent on the last page. */
  readonly nextToken?: string;
}

export interface Listing<R> {
  /** Tells tokens of different listings apart, so that one given to another is refused. */
  readonly name: string;
  /** As `'string'` or `'number'`, the kinds of the position's values. */
  readonly order: readonly ('string' | 'number')[];
  position(row: R): Position;
}

const defaultPageSize = 50;

/**
 * Reads one page: `read` gets the position to continue after (`undefined` on the first page) and how many rows to fetch at most.
 * Throws `InvalidRequestException` for a token this listing has not given out.
 */
export async function readPage<R>(
  listing: Listing<R>,
  request: PageRequest,
  read: (after: Position | undefined, limit: number) => Promise<R[]>,
): Promise<Page<R>> {
  const size = request.maxResults ?? defaultPageSize;
  const after = request.nextToken ? decodeToken(listing, request.nextToken) : undefined;
  const rows = await read(after, size + 1);
  if (rows.length <= size) return { items: rows };
  const items = rows.slice(0, size);
  return { items, nextToken: encodeToken(listing, items.at(-1)!) };
}

export const mapPage = <R, T>(page: Page<R>, map: (row: R) => T): Page<T> => ({ ...page, items: page.items.map(map) });

export const encodeToken = <R>(listing: Listing<R>, row: R): string =>
  Buffer.from(JSON.stringify([listing.name, ...listing.position(row)])).toString('hex');

export function decodeToken<R>(listing: Listing<R>, token: string): Position {
  const [name, ...position] = parseToken(token);
  const fits =
    name === listing.name &&
    position.length === listing.order.length &&
    position.every((value, index) => typeof value === listing.order[index]);
  if (!fits) throw new ServiceError('InvalidRequestException', 'the token for the next page is invalid');
  return position as Position;
}

function parseToken(token: string): unknown[] {
  if (!/^(?:[0-9a-f]{2})+$/.test(token)) return [];
  try {
    const parsed: unknown = JSON.parse(Buffer.from(token, 'hex').toString());
    return Array.isArray(parsed) ? parsed : [];
  } catch {
    return [];
  }
}
