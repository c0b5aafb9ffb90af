export { brokerConnections } from './connections.ts';
export { brokerMessages } from './messages.ts';
