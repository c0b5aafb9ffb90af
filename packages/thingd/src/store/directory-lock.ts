/**
 * One thingd per data directory. The lock is an open transaction on an empty database file of its own, because that is the one
 * advisory file lock Node offers: the system drops it with the process, however that ends, so no stale lock is ever left.
 */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const SQLITE_BUSY = 5;

/** Takes the lock and returns what releases it, or undefined if another process holds it. */
export function lockDirectory(directory: string): (() => void) | undefined {
  const database = new DatabaseSync(join(directory, 'thingd.lock'));
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if ((error as { errcode?: unknown }).errcode === SQLITE_BUSY) return undefined;
    throw error;
  }
  return () => database.close();
}
