/** Pages by creation date: device certificates and CA certificates are listed alike. */
import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { type Listing, type Page, type PageRequest, readPage } from '../store/pagination.ts';

export interface CreationPageRequest extends PageRequest {
  readonly ascendingOrder?: boolean | undefined;
}

interface Created {
  readonly creationDate: number;
  readonly certificateId: string;
}

/** What a page's query adds to its own conditions. */
interface Part {
  /** Behind the last row of the page before. */
  readonly beyond: RawBuilder<SqlBool>;
  /** Of `created_at` and `certificate_id`. */
  readonly direction: 'asc' | 'desc';
  readonly limit: number;
}

/** The newest first unless `ascendingOrder`; 25 unless asked otherwise. `name` tells tokens of one listing from another's. */
export function pageByCreation<T extends Created>(
  name: string,
  request: CreationPageRequest,
  read: (part: Part) => Promise<T[]>,
): Promise<Page<T>> {
  const ascending = request.ascendingOrder ?? false;
  const listing: Listing<T> = {
    name: ascending ? `${name}-ascending` : name,
    order: ['number', 'string'],
    position: row => [row.creationDate, row.certificateId],
  };
  const direction = ascending ? 'asc' : 'desc';
  const sign = sql.raw(ascending ? '>' : '<');
  return readPage(listing, { ...request, maxResults: request.maxResults ?? 25 }, (after, limit) => {
    const beyond = after
      ? sql<SqlBool>`(created_at, certificate_id) ${sign} (${after[0]}, ${after[1]})`
      : sql<SqlBool>`true`;
    return read({ beyond, direction, limit });
  });
}
