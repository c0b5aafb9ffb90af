/** The versions of the SQL dialect (AWS: "SQL versions"). A rule keeps the version it was created with. */
import { ServiceError } from '../../errors.ts';
import { type Arithmetic, droppingZeros, keepingZeros } from './value/numbers.ts';

export const sqlVersions = ['2015-10-08', '2016-03-23', 'beta'] as const;
export type SqlVersion = (typeof sqlVersions)[number];

/** What `CreateTopicRule` means when it names no version. */
export const defaultSqlVersion: SqlVersion = '2015-10-08';

/**
 * The older dialect keeps numbers as they are written and knows no array and object literals, no nested queries and fewer
 * functions. `beta` is whatever is newest, which today is 2016-03-23.
 */
export const isFirstVersion = (version: SqlVersion): boolean => version === '2015-10-08';

/** The version of that name. Throws `InvalidRequestException` for any other text. */
export function parseSqlVersion(text: string | undefined): SqlVersion {
  const version = text === undefined ? defaultSqlVersion : sqlVersions.find(known => known === text);
  if (version === undefined) {
    const expected = sqlVersions.map(known => `\`${known}\``).join(', ');
    throw new ServiceError('InvalidRequestException', `unknown SQL version \`${text}\`: expected one of ${expected}`);
  }
  return version;
}

export const arithmeticOf = (version: SqlVersion): Arithmetic =>
  isFirstVersion(version) ? keepingZeros : droppingZeros;
