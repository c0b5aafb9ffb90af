/** Use-cases of tags: they hang on whatever resource says it can carry them. */
import type { Domain } from '../domain.ts';
import { ServiceError } from '../errors.ts';
import { parseIotArn, type Realm, realmKey } from '../realm.ts';
import { awsRegistryLimits } from '../registry/limits.ts';
import { type Listing, type Page, type PageRequest, readPage } from '../store/pagination.ts';
import { retryStale } from '../store/retry.ts';
import { checkTags, type Tag } from './tag.ts';
import { deleteTags, listTags, putTags } from './tag-store.ts';
import { carriesTags, claimTagged, resourceExists, type TaggableResource } from './taggable.ts';

const tagListing: Listing<Tag> = { name: 'tags', order: ['string'], position: tag => [tag.Key] };

export class Tags {
  readonly #domain: Pick<Domain, 'store'>;
  readonly #limits: { readonly tagsOfResource: number };

  constructor(domain: Pick<Domain, 'store'>, limits: { readonly tagsOfResource: number } = awsRegistryLimits) {
    this.#domain = domain;
    this.#limits = limits;
  }

  /**
   * Adds tags or changes the values of those present. Throws `LimitExceededException` for more than the resource may have, and as
   * `list` does.
   */
  async tag(realm: Realm, resourceArn: string, tags: readonly Tag[]): Promise<void> {
    const { store } = this.#domain;
    const { tagsOfResource } = this.#limits;
    checkTags(tags, this.#limits);
    await retryStale(async () => {
      const resource = await this.#require(realm, resourceArn);
      const present = await listTags(store, realmKey(realm), resourceArn, undefined, tagsOfResource);
      const keys = new Set([...present, ...tags].map(tag => tag.Key));
      if (keys.size > tagsOfResource) {
        const message = `${keys.size} tags are more than the ${tagsOfResource} a resource may have`;
        throw new ServiceError('LimitExceededException', message);
      }
      await store.commit([
        ...putTags(store, realmKey(realm), resourceArn, tags),
        claimTagged(store, realmKey(realm), resource, resourceArn, tagsOfResource),
      ]);
    });
  }

  /** Keys the resource does not have are passed over. Throws as `list` does. */
  async untag(realm: Realm, resourceArn: string, keys: readonly string[]): Promise<void> {
    const { store } = this.#domain;
    await this.#require(realm, resourceArn);
    if (keys.length > 0) await store.commit([deleteTags(store, realmKey(realm), resourceArn, keys)]);
  }

  /**
   * Throws `InvalidRequestException` for an ARN that is not of this realm or of a kind without tags,
   * `ResourceNotFoundException` if there is no such resource.
   */
  async list(realm: Realm, resourceArn: string, request: PageRequest): Promise<Page<Tag>> {
    await this.#require(realm, resourceArn);
    return readPage(tagListing, request, (after, limit) =>
      listTags(this.#domain.store, realmKey(realm), resourceArn, after, limit),
    );
  }

  async #require(realm: Realm, resourceArn: string): Promise<TaggableResource> {
    const resource = parseIotArn(resourceArn);
    if (!resource || realmKey(resource.realm) !== realmKey(realm)) {
      throw new ServiceError('InvalidRequestException', `\`${resourceArn}\` is no resource of this account and region`);
    }
    if (!carriesTags(resource.type)) {
      throw new ServiceError('InvalidRequestException', `resources of type \`${resource.type}\` do not carry tags`);
    }
    if (await resourceExists(this.#domain.store, realmKey(realm), resource)) return resource;
    throw new ServiceError('ResourceNotFoundException', `resource \`${resourceArn}\` not found`);
  }
}
