/** Use-cases of tags: they hang on whatever resource says it can carry them. */
import type { Domain } from '../domain.ts';
import { ServiceError } from '../errors.ts';
import { parseIotArn, type Realm, realmKey } from '../realm.ts';
import { awsRegistryLimits } from '../registry/limits.ts';
import { type Listing, type Page, type PageRequest, readPage } from '../store/pagination.ts';
import { checkTags, type Tag } from './tag.ts';
import { deleteTags, listTags, putTags } from './tag-store.ts';

/** By the type in their ARN (`thinggroup`, `policy`, `cacert`…): whether a resource of that name exists in the realm. */
export type TaggableResources = Readonly<Record<string, (realm: Realm, name: string) => Promise<boolean>>>;

const tagListing: Listing<Tag> = { name: 'tags', order: ['string'], position: tag => [tag.Key] };

export class Tags {
  readonly #domain: Pick<Domain, 'store'>;
  readonly #resources: TaggableResources;
  readonly #limits: { readonly tagsOfResource: number };

  constructor(
    domain: Pick<Domain, 'store'>,
    resources: TaggableResources,
    limits: { readonly tagsOfResource: number } = awsRegistryLimits,
  ) {
    this.#domain = domain;
    this.#resources = resources;
    this.#limits = limits;
  }

  /**
   * Adds tags or changes the values of those present. Throws `LimitExceededException` for more than the resource may have, and as
   * `list` does.
   */
  async tag(realm: Realm, resourceArn: string, tags: readonly Tag[]): Promise<void> {
    const { store } = this.#domain;
    await this.#checkResource(realm, resourceArn);
    checkTags(tags, this.#limits);
    const { tagsOfResource } = this.#limits;
    const present = await listTags(store, realmKey(realm), resourceArn, undefined, tagsOfResource);
    const keys = new Set([...present, ...tags].map(tag => tag.Key));
    if (keys.size > tagsOfResource) {
      const message = `${keys.size} tags are more than the ${tagsOfResource} a resource may have`;
      throw new ServiceError('LimitExceededException', message);
    }
    await store.commit(putTags(store, realmKey(realm), resourceArn, tags));
  }

  /** Keys the resource does not have are passed over. Throws as `list` does. */
  async untag(realm: Realm, resourceArn: string, keys: readonly string[]): Promise<void> {
    const { store } = this.#domain;
    await this.#checkResource(realm, resourceArn);
    if (keys.length > 0) await store.commit([deleteTags(store, realmKey(realm), resourceArn, keys)]);
  }

  /**
   * Throws `InvalidRequestException` for an ARN that is not of this realm or of a kind without tags,
   * `ResourceNotFoundException` if there is no such resource.
   */
  async list(realm: Realm, resourceArn: string, request: PageRequest): Promise<Page<Tag>> {
    await this.#checkResource(realm, resourceArn);
    return readPage(tagListing, request, (after, limit) =>
      listTags(this.#domain.store, realmKey(realm), resourceArn, after, limit),
    );
  }

  async #checkResource(realm: Realm, resourceArn: string): Promise<void> {
    const resource = parseIotArn(resourceArn);
    if (!resource || realmKey(resource.realm) !== realmKey(realm)) {
      throw new ServiceError('InvalidRequestException', `\`${resourceArn}\` is no resource of this account and region`);
    }
    const exists = Object.hasOwn(this.#resources, resource.type) ? this.#resources[resource.type] : undefined;
    if (!exists) {
      throw new ServiceError('InvalidRequestException', `resources of type \`${resource.type}\` do not carry tags`);
    }
    if (!(await exists(realm, resource.name))) {
      throw new ServiceError('ResourceNotFoundException', `resource \`${resourceArn}\` not found`);
    }
  }
}
