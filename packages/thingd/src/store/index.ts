export { SqliteBrokerStore } from './broker-store.ts';
export { lockDirectory } from './directory-lock.ts';
export { StoreThread, type StoreThreadOptions } from './store-thread.ts';
