/** Device Shadows: what a device should be, what it says it is, and the difference. */
export { type JsonObject, type JsonValue, jsonEquals, parseJson } from './json.ts';
export { type ShadowLimits, shadowLimits } from './limits.ts';
export { isRejection, type ShadowRejection } from './request.ts';
export {
  type Difference,
  type PointInHistory,
  type SectionName,
  type ShadowDiff,
  ShadowHistory,
} from './shadow-history.ts';
export { type ShadowAnnouncer, type ShadowName, type ShadowOptions, Shadows } from './shadow-service.ts';
export { type ShadowVersion, type ShadowVersionSummary, shadowMigration } from './shadow-store.ts';
export {
  parseShadowTopic,
  type ShadowMessage,
  ShadowTopics,
  shadowRequestFilters,
  shadowTopicPrefix,
} from './shadow-topics.ts';
