/** Optimistic concurrency in one sentence: read, decide, commit; if someone was quicker, start over. */
import { ServiceError } from '../errors.ts';
import { DuplicateKey, StaleWrite } from './store.ts';

/** Among racing writers one always wins, so this many losses in a row means far more contention than a fleet has. */
const maximumAttempts = 100;

/**
 * Runs a use-case that reads, decides and commits, again from its reads whenever its commit met `StaleWrite` or `DuplicateKey`.
 * Throws `ServiceUnavailableException` when it keeps losing.
 */
export async function retryStale<T>(useCase: () => Promise<T>): Promise<T> {
  for (let attempt = 0; attempt < maximumAttempts; attempt++) {
    try {
      return await useCase();
    } catch (error) {
      if (!(error instanceof StaleWrite || error instanceof DuplicateKey)) throw error;
    }
  }
  throw new ServiceError('ServiceUnavailableException', 'too many writers change the same resource; try again');
}
