/** Brings documents of an index to what they are now, as one commit of the differences. */
import { parseJson } from '../shadow/json.ts';
import { DuplicateKey, type Store, type Write } from '../store/store.ts';
import { type IndexDocument, nameOf } from './document.ts';
import {
  type DocumentChange,
  type DocumentRows,
  insertField,
  readFields,
  readLastId,
  removeDocument,
  type StoredDocument,
  storeDocument,
} from './document-store.ts';
import { placesOf, termsOf } from './terms.ts';

export class DocumentWriter {
  readonly #store: Store;
  /** Numbers of the fields of each index; they never change. */
  readonly #fields = new Map<number, Map<string, number>>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** `stored` is what the index has under the names concerned; what is not among `documents` is taken out. */
  async write(
    indexId: number,
    stored: ReadonlyMap<string, StoredDocument>,
    documents: readonly IndexDocument[],
  ): Promise<void> {
    const store = this.#store;
    const gone = new Map(stored);
    const changed: Omit<DocumentChange, 'id'>[] = [];
    for (const document of documents) {
      const name = nameOf(document);
      const before = stored.get(name);
      gone.delete(name);
      const text = JSON.stringify(document);
      if (before?.text === text) continue;
      const rowsBefore = before === undefined ? noRows : rowsOf(parseJson(before.text) as unknown as IndexDocument);
      changed.push({ name, before, rowsBefore, text, rows: rowsOf(document) });
    }
    const { fields, writes } = await this.#nameFields(indexId, changed);
    const fieldId = (name: string): number => {
      const id = fields.get(name);
      if (id === undefined) throw new Error(`field \`${name}\` has no number`);
      return id;
    };
    const isNew = changed.some(({ before }) => before === undefined);
    let lastId = isNew ? await readLastId(store, 'search_document') : 0;
    for (const change of changed) {
      const id = change.before?.id ?? ++lastId;
      writes.push(...storeDocument(store, indexId, { ...change, id }, fieldId));
    }
    for (const document of gone.values()) writes.push(...removeDocument(store, document));
    await this.#commit(indexId, writes);
    this.#fields.set(indexId, fields);
  }

  /** Every field's number, with the writes that number new ones. */
  async #nameFields(
    indexId: number,
    changes: readonly Pick<DocumentChange, 'rows' | 'rowsBefore'>[],
  ): Promise<{ fields: Map<string, number>; writes: Write[] }> {
    const store = this.#store;
    const known = this.#fields.get(indexId) ?? new Map<string, number>();
    const unknown = new Set<string>();
    for (const { rows, rowsBefore } of changes) {
      for (const { field } of rowsBefore.terms) if (!known.has(field)) unknown.add(field);
      for (const { field } of rows.terms) if (!known.has(field)) unknown.add(field);
      for (const { field } of rows.places) if (!known.has(field)) unknown.add(field);
    }
    if (unknown.size === 0) return { fields: known, writes: [] };
    const fields = await readFields(store, indexId);
    let lastId = await readLastId(store, 'search_field');
    const writes: Write[] = [];
    for (const name of unknown) {
      if (fields.has(name)) continue;
      fields.set(name, ++lastId);
      writes.push(insertField(store, indexId, lastId, name));
    }
    return { fields, writes };
  }

  async #commit(indexId: number, writes: readonly Write[]): Promise<void> {
    if (writes.length === 0) return;
    try {
      await this.#store.commit(writes);
    } catch (error) {
      // Another has given the same number, or numbered the same field.
      if (error instanceof DuplicateKey) this.#fields.delete(indexId);
      throw error;
    }
  }
}

const noRows: DocumentRows = { terms: [], places: [] };

const rowsOf = (document: IndexDocument): DocumentRows => ({
  terms: termsOf(document),
  places: placesOf(document),
});
