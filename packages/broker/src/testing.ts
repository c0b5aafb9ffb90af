/** For those who test what they plug into the broker. */
export { brokerStoreContract, type StoreUnderTest } from './session/store.contract.ts';
