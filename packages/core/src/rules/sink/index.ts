/** Sinks as stored things; what each kind does is the program's business. */
export { allSinks, deleteSink, putSink, type StoredSink, sinkMigration } from './sink-store.ts';
