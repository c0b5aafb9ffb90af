export { createLog, type Log, type LogOptions, openLog } from './log.ts';
export { createMetrics, type MetricSources, type Metrics } from './metrics.ts';
export { RateBound } from './rate-bound.ts';
