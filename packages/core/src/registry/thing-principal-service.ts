/** Use-cases of attaching principals to things. */
import type { Domain } from '../domain.ts';
import { ServiceError } from '../errors.ts';
import { type Realm, realmKey } from '../realm.ts';
import { type Listing, type Page, type PageRequest, readPage } from '../store/pagination.ts';
import { retryStale } from '../store/retry.ts';
import { claimPrincipal, type PrincipalDirectory } from './principal.ts';
import {
  deleteAttachment,
  insertAttachment,
  listAttachments,
  type ThingPrincipal,
  type ThingPrincipalType,
} from './thing-principal-store.ts';
import { thingExists } from './thing-store.ts';

const attachmentListing: Listing<ThingPrincipal> = {
  name: 'thing principals',
  order: ['string', 'string'],
  position: attachment => [attachment.principal, attachment.thingName],
};

export interface AttachmentPageRequest extends PageRequest {
  readonly thingPrincipalType?: ThingPrincipalType | undefined;
}

export class ThingPrincipals {
  readonly #domain: Domain;
  readonly #directory: PrincipalDirectory;

  constructor(domain: Domain, directory: PrincipalDirectory) {
    this.#domain = domain;
    this.#directory = directory;
  }

  /**
   * Attaching again changes nothing; without `type` a new attachment is non-exclusive. Throws `ResourceNotFoundException` for an
   * unknown thing or certificate, `InvalidRequestException` for a certificate being transferred, and where an exclusive attachment
   * stands against it or would stand beside another (AWS: "Associating a principal to a thing").
   */
  attach(realm: Realm, thingName: string, principal: string, type?: ThingPrincipalType): Promise<void> {
    const { store, clock, changes } = this.#domain;
    return retryStale(async () => {
      await this.#checkThing(realm, thingName);
      const claim = await claimPrincipal(this.#directory, realm, principal);
      const present = await listAttachments(store, realmKey(realm), { principal });
      const here = present.find(attachment => attachment.thingName === thingName);
      if (here && (type === undefined || type === here.thingPrincipalType)) return;
      const attachment = { thingName, principal, thingPrincipalType: type ?? 'NON_EXCLUSIVE_THING' };
      checkExclusive(attachment, present);
      await store.commit([...claim, insertAttachment(store, realmKey(realm), attachment, clock.now())]);
      changes.emit({ kind: 'thingPrincipal', realm, thingName, principal });
    });
  }

  /** Throws `ResourceNotFoundException` if there is no such thing or the principal is not attached to it. */
  detach(realm: Realm, thingName: string, principal: string): Promise<void> {
    const { store, changes } = this.#domain;
    return retryStale(async () => {
      await this.#checkThing(realm, thingName);
      const [attachment] = await listAttachments(store, realmKey(realm), { thingName, principal });
      if (!attachment) {
        const message = `principal \`${principal}\` is not attached to thing \`${thingName}\``;
        throw new ServiceError('ResourceNotFoundException', message);
      }
      await store.commit([deleteAttachment(store, realmKey(realm), thingName, principal)]);
      changes.emit({ kind: 'thingPrincipal', realm, thingName, principal });
    });
  }

  /** The principals of a thing. Throws `ResourceNotFoundException` if there is no such thing. */
  async ofThing(realm: Realm, thingName: string, request: AttachmentPageRequest): Promise<Page<ThingPrincipal>> {
    await this.#checkThing(realm, thingName);
    return this.#list(realm, { thingName }, request);
  }

  /** The things of a principal: none, if it is attached to none. */
  ofPrincipal(realm: Realm, principal: string, request: AttachmentPageRequest): Promise<Page<ThingPrincipal>> {
    return this.#list(realm, { principal }, request);
  }

  #list(
    realm: Realm,
    filter: { thingName: string } | { principal: string },
    request: AttachmentPageRequest,
  ): Promise<Page<ThingPrincipal>> {
    const { thingPrincipalType } = request;
    return readPage(attachmentListing, request, (after, limit) =>
      listAttachments(this.#domain.store, realmKey(realm), { ...filter, thingPrincipalType }, after, limit),
    );
  }

  async #checkThing(realm: Realm, thingName: string): Promise<void> {
    if (await thingExists(this.#domain.store, realmKey(realm), thingName)) return;
    throw new ServiceError('ResourceNotFoundException', `thing \`${thingName}\` not found`);
  }
}

function checkExclusive(attachment: ThingPrincipal, present: readonly ThingPrincipal[]): void {
  const wantsAlone = attachment.thingPrincipalType === 'EXCLUSIVE_THING';
  const obstacle = present.find(other => wantsAlone || other.thingPrincipalType === 'EXCLUSIVE_THING');
  if (!obstacle) return;
  const how = obstacle.thingPrincipalType === 'EXCLUSIVE_THING' ? 'exclusively attached' : 'attached';
  throw new ServiceError(
    'InvalidRequestException',
    `principal \`${attachment.principal}\` is already ${how} to thing \`${obstacle.thingName}\`; detach it first`,
  );
}
