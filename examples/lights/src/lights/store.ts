/** What the backend keeps for itself, in one SQLite file: who owns which light under which name, and what is still to be removed. */
import { randomBytes } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';

export interface StoredLight {
  readonly id: string;
  readonly ownerId: string;
  readonly name: string;
}

export interface DueDeletion {
  readonly id: string;
  readonly certificateId: string | undefined;
  readonly attempts: number;
}

const schema = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA foreign_keys = ON;
  CREATE TABLE IF NOT EXISTS owner (
    id TEXT PRIMARY KEY, issuer TEXT NOT NULL, subject TEXT NOT NULL, UNIQUE (issuer, subject)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS light (
    id TEXT PRIMARY KEY, owner_id TEXT NOT NULL REFERENCES owner, name TEXT NOT NULL, certificate_id TEXT
  ) STRICT;
  CREATE TABLE IF NOT EXISTS deletion (
    light_id TEXT PRIMARY KEY REFERENCES light ON DELETE CASCADE,
    due_at INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, last_error TEXT
  ) STRICT;
  CREATE INDEX IF NOT EXISTS deletion_due ON deletion (due_at);
`;

export class Store {
  readonly #database: DatabaseSync;

  /** @param path of the file, or `:memory:` */
  constructor(path: string) {
    this.#database = new DatabaseSync(path);
    this.#database.exec(schema);
  }

  /**
   * The id the registry knows a person by. It says nothing about them, and fits into a thing's attribute whatever their
   * issuer calls them.
   */
  ownerId(issuer: string, subject: string): string {
    const known = 'SELECT id FROM owner WHERE issuer = ? AND subject = ?';
    const found = this.#get<{ id: string }>(known, issuer, subject);
    if (found) return found.id;
    const insert = 'INSERT INTO owner VALUES (?, ?, ?) ON CONFLICT DO NOTHING';
    this.#run(insert, randomBytes(8).toString('hex'), issuer, subject);
    return this.#get<{ id: string }>(known, issuer, subject)!.id;
  }

  /** A light that is about to be made. If it is never finished, it is removed like any other from `dueAt` (ms) on. */
  begin({ id, ownerId, name }: StoredLight, dueAt: number): void {
    this.#transaction(() => {
      this.#run('INSERT INTO light VALUES (?, ?, ?, NULL)', id, ownerId, name);
      this.scheduleDeletion(id, dueAt);
    });
  }

  setCertificate(id: string, certificateId: string): void {
    this.#run('UPDATE light SET certificate_id = ? WHERE id = ?', certificateId, id);
  }

  /** The light is there to stay. */
  finish(id: string): void {
    this.#run('DELETE FROM deletion WHERE light_id = ?', id);
  }

  /** A light that is made and not deleted. */
  light(id: string): StoredLight | undefined {
    return this.#get<StoredLight>(
      `SELECT id, owner_id AS ownerId, name FROM light WHERE id = ? AND id NOT IN (SELECT light_id FROM deletion)`,
      id,
    );
  }

  /** From here on the light is gone for its owner. Asking again changes nothing. */
  scheduleDeletion(id: string, dueAt: number): void {
    this.#run('INSERT INTO deletion (light_id, due_at) VALUES (?, ?) ON CONFLICT DO NOTHING', id, dueAt);
  }

  dueDeletions(now: number): DueDeletion[] {
    return this.#database
      .prepare(
        `SELECT light.id, certificate_id AS certificateId, attempts FROM deletion JOIN light ON light.id = light_id
         WHERE due_at <= ? ORDER BY due_at LIMIT 100`,
      )
      .all(now)
      .map(row => ({ ...row, certificateId: row.certificateId ?? undefined }) as DueDeletion);
  }

  /** Milliseconds since the epoch; undefined with nothing to delete. */
  nextDeletion(): number | undefined {
    return this.#get<{ due: number | null }>('SELECT min(due_at) AS due FROM deletion')?.due ?? undefined;
  }

  retryDeletion(id: string, dueAt: number, error: string): void {
    const retry = 'UPDATE deletion SET due_at = ?, attempts = attempts + 1, last_error = ? WHERE light_id = ?';
    this.#run(retry, dueAt, error, id);
  }

  /** Nothing is left of the light. */
  forget(id: string): void {
    this.#run('DELETE FROM light WHERE id = ?', id);
  }

  close(): void {
    this.#database.close();
  }

  #run(sql: string, ...values: (string | number)[]): void {
    this.#database.prepare(sql).run(...values);
  }

  #get<Row>(sql: string, ...values: (string | number)[]): Row | undefined {
    return this.#database.prepare(sql).get(...values) as Row | undefined;
  }

  #transaction(work: () => void): void {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      work();
      this.#database.exec('COMMIT');
    } catch (error) {
      this.#database.exec('ROLLBACK');
      throw error;
    }
  }
}
