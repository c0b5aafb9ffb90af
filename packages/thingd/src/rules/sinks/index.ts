/** Sinks: what rules write to on machines of one's own. */
export { holdsSecrets } from './secrets.ts';
export { isSinkUrl, sinkAddress } from './sink.ts';
export { type SinksAnswer, sinkRoutes } from './sink-routes.ts';
export { type SinkEntry, Sinks, type SinksOptions } from './sinks.ts';
