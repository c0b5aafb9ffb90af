/** How much of fleet indexing there is, as data. *AWS general reference: AWS IoT Device Management quotas, fleet indexing*. */
export interface IndexingLimits {
  /** Characters of a query. */
  readonly queryLength: number;
  /** Characters of a query with a leading wildcard. (AWS: Query syntax) */
  readonly queryLengthWithLeadingWildcard: number;
  /** Terms with a leading wildcard in one query. */
  readonly queryLeadingWildcards: number;
  readonly queryTerms: number;
  /** `*` in one term. */
  readonly queryTermAsterisks: number;
  /** `?` in one term. */
  readonly queryTermQuestionMarks: number;
  /** Documents on one page. */
  readonly searchResults: number;
  readonly indexedCustomFields: number;
  readonly indexedNamedShadows: number;
  readonly indexedGeoLocations: number;
  /** Seconds that an index knows when and why a thing disconnected. *AWS: ThingConnectivity*, "approximately an hour". */
  readonly indexedDisconnectionSeconds: number;
  readonly aggregationPercentiles: number;
  readonly aggregationBuckets: number;
}

export const awsIndexingLimits: IndexingLimits = {
  queryLength: 1000,
  queryLengthWithLeadingWildcard: 100,
  queryLeadingWildcards: 1,
  queryTerms: 12,
  queryTermAsterisks: 2,
  queryTermQuestionMarks: 5,
  searchResults: 100,
  indexedCustomFields: 5,
  indexedNamedShadows: 10,
  indexedGeoLocations: 1,
  indexedDisconnectionSeconds: 3600,
  aggregationPercentiles: 100,
  aggregationBuckets: 10_000,
};

/** No quotas of AWS's, only bounds that keep one query a query. */
export const openIndexingLimits: IndexingLimits = {
  queryLength: 10_000,
  queryLengthWithLeadingWildcard: 10_000,
  queryLeadingWildcards: 100,
  queryTerms: 200,
  queryTermAsterisks: 10,
  queryTermQuestionMarks: 100,
  searchResults: 1000,
  indexedCustomFields: 100,
  indexedNamedShadows: 1000,
  indexedGeoLocations: 10,
  // A century.
  indexedDisconnectionSeconds: 3_155_760_000,
  aggregationPercentiles: 1000,
  aggregationBuckets: 10_000,
};
