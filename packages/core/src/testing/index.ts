/** What tests of other packages use: the store in memory, and the contract that every store must pass. Imports vitest. */

export { MemoryStore } from '../store/memory-store.ts';
export { type OpenStore, storeContract } from '../store/store.contract.ts';
export * from './certificates.ts';
export { certificatesBut, ManualClock, openDomain, outcomes, realm, type TestDomain } from './domain.ts';
export { describeWithOpenssl, type OpensslDirectory } from './openssl.ts';
export { ManualTimers } from './timers.ts';
