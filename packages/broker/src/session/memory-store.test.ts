import { MemoryStore } from './memory-store.ts';
import { brokerStoreContract } from './store.contract.ts';

brokerStoreContract('MemoryStore', async () => {
  const store = new MemoryStore();
  return { store, reopen: async () => store, dispose: async () => {} };
});
