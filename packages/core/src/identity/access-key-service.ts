/** Making, finding and taking back access keys. Keys in use are kept in memory, as each API call asks for its own. */
import type { Domain } from '../domain.ts';
import { ServiceError } from '../errors.ts';
import { parsePolicy } from '../policy/index.ts';
import type { Page, PageRequest } from '../store/pagination.ts';
import { StaleWrite } from '../store/store.ts';
import { type AccessKey, allowEverything, newAccessKeyId, newSecretAccessKey } from './access-key.ts';
import { deleteAccessKey, findAccessKey, insertAccessKey, listAccessKeys } from './access-key-store.ts';

/** Keys kept in memory; beyond that the one read longest ago makes room. */
const cacheSize = 1000;

/** How long a key is trusted from memory, in milliseconds: another node may have taken it back. */
const cacheLifetime = 5_000;

interface Cached {
  readonly key: AccessKey;
  readonly until: number;
}

export class AccessKeys {
  readonly #domain: Pick<Domain, 'store' | 'clock'>;
  readonly #cache = new Map<string, Cached>();
  /** Counts deletions, so that a key read before one is not kept after it. */
  #deletions = 0;

  constructor(domain: Pick<Domain, 'store' | 'clock'>) {
    this.#domain = domain;
  }

  /**
   * Makes a key of an account, allowed everything unless a policy says otherwise.
   * Throws `MalformedPolicyException`, and `InvalidRequestException` for an account id that is not one.
   */
  async create(request: {
    readonly accountId: string;
    readonly policyDocument?: string | undefined;
  }): Promise<AccessKey> {
    const { store, clock } = this.#domain;
    const policyDocument = request.policyDocument ?? allowEverything;
    parsePolicy(policyDocument);
    if (!/^\d{12}$/.test(request.accountId))
      throw new ServiceError('InvalidRequestException', `account id \`${request.accountId}\` is not twelve digits`);
    const key: AccessKey = {
      accessKeyId: newAccessKeyId(),
      secretAccessKey: newSecretAccessKey(),
      accountId: request.accountId,
      policyDocument,
      createDate: clock.now(),
    };
    await store.commit([insertAccessKey(store, key)]);
    return key;
  }

  async list(request: PageRequest = {}, accountId?: string): Promise<Page<AccessKey>> {
    return await listAccessKeys(this.#domain.store, request, accountId);
  }

  /** The key stops working here at once, on other nodes within seconds. Throws `ResourceNotFoundException`. */
  async delete(accessKeyId: string): Promise<void> {
    try {
      await this.#domain.store.commit([deleteAccessKey(this.#domain.store, accessKeyId)]);
    } catch (error) {
      if (!(error instanceof StaleWrite)) throw error;
      throw new ServiceError('ResourceNotFoundException', `access key \`${accessKeyId}\` does not exist`);
    } finally {
      this.#deletions++;
      this.#cache.delete(accessKeyId);
    }
  }

  /** The key a request names; undefined if there is none. Unknown ids are never kept, so guessing fills no memory. */
  async find(accessKeyId: string): Promise<AccessKey | undefined> {
    const { store, clock } = this.#domain;
    const cached = this.#cache.get(accessKeyId);
    if (cached && clock.now() < cached.until) return cached.key;
    const deletions = this.#deletions;
    const key = await findAccessKey(store, accessKeyId);
    this.#cache.delete(accessKeyId);
    if (key && deletions === this.#deletions) this.#keep({ key, until: clock.now() + cacheLifetime });
    return key;
  }

  #keep(cached: Cached): void {
    const [oldest] = this.#cache.keys();
    if (this.#cache.size >= cacheSize && oldest !== undefined) this.#cache.delete(oldest);
    this.#cache.set(cached.key.accessKeyId, cached);
  }
}
