/** How much of fleet indexing there is, as data. *AWS general reference: AWS IoT Device Management quotas, fleet indexing*. */
export interface IndexingLimits {
  /** Characters of a query. */
  readonly queryLength: number;
  /** Characters of a query with a leading wildcard. (AWS: Query syntax) */
  readonly leadingWildcardQueryLength: number;
  /** Terms with a leading wildcard in one query. */
  readonly leadingWildcards: number;
  readonly queryTerms: number;
  /** `*` in one term. */
  readonly anyWildcards: number;
  /** `?` in one term. */
  readonly oneWildcards: number;
  /** Documents on one page. */
  readonly resultsPerPage: number;
  readonly customFields: number;
  readonly namedShadows: number;
  readonly geoLocations: number;
  readonly percentiles: number;
  readonly buckets: number;
}

export const awsIndexingLimits: IndexingLimits = {
  queryLength: 1000,
  leadingWildcardQueryLength: 100,
  leadingWildcards: 1,
  queryTerms: 12,
  anyWildcards: 2,
  oneWildcards: 5,
  resultsPerPage: 100,
  customFields: 5,
  namedShadows: 10,
  geoLocations: 1,
  percentiles: 100,
  buckets: 10_000,
};

/** No quotas of AWS's, only bounds that keep one query a query. */
export const openIndexingLimits: IndexingLimits = {
  queryLength: 10_000,
  leadingWildcardQueryLength: 10_000,
  leadingWildcards: 100,
  queryTerms: 200,
  anyWildcards: 10,
  oneWildcards: 100,
  resultsPerPage: 1000,
  customFields: 100,
  namedShadows: 1000,
  geoLocations: 10,
  percentiles: 1000,
  buckets: 10_000,
};
