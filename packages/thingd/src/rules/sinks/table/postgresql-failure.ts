/** What an error of PostgreSQL, or of the way to it, means for a rule (PostgreSQL: Appendix A, "Error Codes"). */
import { ActionFailure } from '@thingd/core';
import { away, sentenceOf, unfit } from '../sink.ts';

/**
 * Classes of SQLSTATE that the row is to blame for: feature not supported, cardinality, data, integrity, syntax or access,
 * CHECK OPTION, program limits, what a trigger raises.
 */
const faultsOfRows = new Set(['0A', '21', '22', '23', '42', '44', '54', 'P0']);

/** Of these classes, what the operator may still mend while messages wait: permissions, and a table that is not there yet. */
const mendable = new Set(['42501', '42P01', '3F000']);

/** The table is not as its columns were read: undefined table, undefined column, another type. */
const schemaChanged = new Set(['42P01', '42703', '42804']);

/** Neither parameters nor the error's detail, which has values, go into the text. */
export function postgresFailure(error: unknown): { readonly failure: ActionFailure; readonly isSchema: boolean } {
  if (error instanceof ActionFailure) return { failure: error, isSchema: false };
  const { code = '' } = error as { code?: string };
  if (!/^[0-9A-Z]{5}$/.test(code)) return { failure: away(sentenceOf(error), error), isSchema: true };
  const sentence = `${sentenceOf(error)} (SQLSTATE ${code})`;
  const isFault = faultsOfRows.has(code.slice(0, 2)) && !mendable.has(code);
  return { failure: isFault ? unfit(sentence, error) : away(sentence, error), isSchema: schemaChanged.has(code) };
}
