import { describe } from 'vitest';
import { MemoryStore } from './memory-store.ts';
import { storeContract } from './store.contract.ts';

describe('the store in memory', () => {
  storeContract(() => {
    const store = new MemoryStore();
    return { store, close: () => store.close() };
  });
});
