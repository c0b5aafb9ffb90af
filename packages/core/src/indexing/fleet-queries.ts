/** What dynamic groups ask of the index: whether a query is one, which things fit it, and whether a thing does now. */
import type { Domain } from '../domain.ts';
import { ServiceError } from '../errors.ts';
import { type Realm, realmKey } from '../realm.ts';
import type { FleetQueries, FleetQuery } from '../registry/dynamic-group.ts';
import { isOff, type ThingIndexingConfiguration } from './configuration.ts';
import { readIndex, type SearchIndex } from './index-store.ts';
import { awsIndexingLimits, type IndexingLimits } from './limits.ts';
import { matcherOf } from './query/evaluate.ts';
import { parseQuery, queryVersion } from './query/parse.ts';
import type { Query } from './query/query.ts';
import { listFound } from './search.ts';
import { readThingDocuments } from './thing-documents.ts';

export function fleetQueries({ store }: Domain, limits: IndexingLimits = awsIndexingLimits): FleetQueries {
  const indexOf = async (realm: Realm): Promise<SearchIndex | undefined> => {
    const index = await readIndex(store, realmKey(realm), 'AWS_Things');
    return index === undefined || isOff(index.configuration) ? undefined : index;
  };
  return {
    async check(realm, query) {
      if (query.indexName !== 'AWS_Things') throw invalid(`index \`${query.indexName}\` is not \`AWS_Things\``);
      if (query.queryVersion !== queryVersion) {
        throw invalid(`query version \`${query.queryVersion}\` is not \`${queryVersion}\`, the only one`);
      }
      parseQuery(query.queryString, limits);
      if (!(await indexOf(realm)))
        throw invalid('Index AWS_Things does not exist: a dynamic group needs thing indexing');
    },

    async things(realm, query, after, limit) {
      const index = await indexOf(realm);
      return index === undefined ? [] : listFound(store, index, queryOf(query, limits), after, limit);
    },

    // While the index is off, the groups there are go by all there is to know.
    async fits(realm, thingName, queries) {
      const configuration = (await indexOf(realm))?.configuration as ThingIndexingConfiguration | undefined;
      const [document] = await readThingDocuments(store, realmKey(realm), [thingName], configuration);
      if (document === undefined) return queries.map(() => false);
      const matches = matcherOf(document);
      return queries.map(query => {
        const readable = readableOf(query, limits);
        return readable && matches(readable);
      });
    },
  };
}

const queryOf = ({ queryString }: FleetQuery, limits: IndexingLimits) => parseQuery(queryString, limits);

/** Undefined for a query that other limits, or another version, let in. */
function readableOf(query: FleetQuery, limits: IndexingLimits): Query | undefined {
  try {
    return queryOf(query, limits);
  } catch (error) {
    if (error instanceof ServiceError) return undefined;
    throw error;
  }
}

const invalid = (message: string) => new ServiceError('InvalidRequestException', message);
