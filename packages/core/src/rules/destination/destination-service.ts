/** Use-cases of destinations: made, challenged, confirmed, asked for at every call of an HTTP action. */
import { randomBytes } from 'node:crypto';
import type { Domain } from '../../domain.ts';
import { ServiceError } from '../../errors.ts';
import { type Realm, realmKey } from '../../realm.ts';
import { type Listing, type Page, type PageRequest, readPage } from '../../store/pagination.ts';
import { retryStale } from '../../store/retry.ts';
import { DuplicateKey } from '../../store/store.ts';
import {
  checkTarget,
  covers,
  type Destination,
  type DestinationStatus,
  type DestinationTarget,
  newDestinationArn,
} from './destination.ts';
import {
  deleteDestination,
  insertDestination,
  listDestinations,
  readDestination,
  readDestinationByToken,
  replaceDestination,
} from './destination-store.ts';

/**
 * Asks the target whether rules may call it. True when it has agreed, false when its owner was sent the token to agree with.
 * Rejects if it refuses, or nobody is there to be asked.
 */
export type Challenge = (realm: Realm, destination: Destination) => Promise<boolean>;

const listing: Listing<Destination> = { name: 'destinations', order: ['string'], position: ({ arn }) => [arn] };

/** AWS: quotas, "HTTP action destinations". */
const destinationsOfRealm = 1000;

export class Destinations {
  readonly #domain: Pick<Domain, 'store' | 'clock'>;
  readonly #ask: Challenge;
  /** Confirmed URLs by realm, read when first needed and forgotten with each change. */
  readonly #enabled = new Map<string, Promise<readonly string[]>>();

  constructor(domain: Pick<Domain, 'store' | 'clock'>, ask: Challenge) {
    this.#domain = domain;
    this.#ask = ask;
  }

  /** A destination in progress; the challenge is on its way. Throws `ResourceAlreadyExistsException`, `InvalidRequestException`. */
  async create(realm: Realm, target: DestinationTarget): Promise<Destination> {
    const { store, clock } = this.#domain;
    checkTarget(target);
    const now = clock.now();
    const destination: Destination = {
      arn: newDestinationArn(realm, target),
      target,
      status: 'IN_PROGRESS',
      statusReason:
        target.kind === 'http'
          ? 'awaiting confirmation: a confirmation message was sent to the URL'
          : 'awaiting confirmation: the endpoint is asked with the token of the secret',
      confirmationToken: newToken(),
      createdAt: now,
      lastUpdatedAt: now,
    };
    try {
      await store.commit([insertDestination(store, realmKey(realm), destination)]);
    } catch (error) {
      if (!(error instanceof DuplicateKey)) throw error;
      const where = target.kind === 'http' ? target.confirmationUrl : target.endpoint;
      throw new ServiceError('ResourceAlreadyExistsException', `there is a destination for \`${where}\` already`);
    }
    this.#challenge(realm, destination);
    return destination;
  }

  /** Creates the destination unless a present one covers the URL (AWS: "HTTP", `confirmationUrl`). */
  async ensure(realm: Realm, confirmationUrl: string): Promise<void> {
    const present = await this.#all(realm);
    if (present.some(({ target }) => target.kind === 'http' && covers(target.confirmationUrl, confirmationUrl))) return;
    try {
      await this.create(realm, { kind: 'http', confirmationUrl });
    } catch (error) {
      if (!(error instanceof ServiceError && error.name === 'ResourceAlreadyExistsException')) throw error;
    }
  }

  /** Throws `UnauthorizedException` for an unknown one: the model knows no other answer. */
  async get(realm: Realm, arn: string): Promise<Destination> {
    const destination = await readDestination(this.#domain.store, realmKey(realm), arn);
    if (destination !== undefined) return destination;
    throw new ServiceError(
      'UnauthorizedException',
      `access to the destination \`${arn}\` was denied: it does not exist`,
    );
  }

  list(realm: Realm, request: PageRequest): Promise<Page<Destination>> {
    return readPage(listing, request, (after, limit) =>
      listDestinations(this.#domain.store, realmKey(realm), after, limit),
    );
  }

  /** The owner of the URL has shown the token. Throws `InvalidRequestException` for one nobody was sent. */
  async confirm(confirmationToken: string): Promise<void> {
    const { store, clock } = this.#domain;
    await retryStale(async () => {
      const found = await readDestinationByToken(store, confirmationToken);
      if (found === undefined) throw invalid('the confirmation token is invalid');
      const { realm, destination } = found;
      if (destination.status === 'ENABLED') return;
      const confirmed = {
        ...destination,
        status: 'ENABLED',
        statusReason: undefined,
        lastUpdatedAt: clock.now(),
      } as const;
      await store.commit([replaceDestination(store, realm, destination, confirmed)]);
      this.#enabled.delete(realm);
    });
  }

  /**
   * `ENABLED` ⇄ `DISABLED`, and `IN_PROGRESS` to be challenged again. Throws `InvalidRequestException` for any other step (AWS
   * names no error; unverified).
   */
  async update(realm: Realm, arn: string, status: DestinationStatus): Promise<void> {
    const { store, clock } = this.#domain;
    const changed = await retryStale(async () => {
      const present = await this.get(realm, arn);
      if (present.status === status && status !== 'IN_PROGRESS') return undefined;
      const may =
        status === 'IN_PROGRESS' ||
        (status === 'ENABLED' && present.status === 'DISABLED') ||
        (status === 'DISABLED' && present.status === 'ENABLED');
      if (!may) throw invalid(`a destination cannot go from ${present.status} to ${status}`);
      const confirmationToken = status === 'IN_PROGRESS' ? newToken() : present.confirmationToken;
      const next = { ...present, status, statusReason: undefined, confirmationToken, lastUpdatedAt: clock.now() };
      await store.commit([replaceDestination(store, realmKey(realm), present, next)]);
      return next;
    });
    this.#enabled.delete(realmKey(realm));
    if (changed?.status === 'IN_PROGRESS') this.#challenge(realm, changed);
  }

  /** Deleting one that does not exist succeeds. */
  async delete(realm: Realm, arn: string): Promise<void> {
    const { store } = this.#domain;
    await store.commit([deleteDestination(store, realmKey(realm), arn)]);
    this.#enabled.delete(realmKey(realm));
  }

  /** Whether an action may call `url` now. */
  async allows(realm: Realm, url: string): Promise<boolean> {
    const key = realmKey(realm);
    let enabled = this.#enabled.get(key);
    if (enabled === undefined) {
      enabled = this.#all(realm).then(all =>
        all.flatMap(({ status, target }) =>
          status === 'ENABLED' && target.kind === 'http' ? [target.confirmationUrl] : [],
        ),
      );
      this.#enabled.set(key, enabled);
      enabled.catch(() => this.#enabled.delete(key));
    }
    return (await enabled).some(confirmationUrl => covers(confirmationUrl, url));
  }

  #all(realm: Realm): Promise<Destination[]> {
    return listDestinations(this.#domain.store, realmKey(realm), undefined, destinationsOfRealm);
  }

  #challenge(realm: Realm, destination: Destination): void {
    const { store, clock } = this.#domain;
    const note = (status: DestinationStatus, statusReason?: string): Promise<void> => {
      const asked = { ...destination, status, statusReason, lastUpdatedAt: clock.now() };
      return store.commit([replaceDestination(store, realmKey(realm), destination, asked)]);
    };
    this.#ask(realm, destination)
      .then(
        hasAgreed => (hasAgreed ? note('ENABLED') : undefined),
        (error: unknown) => note('ERROR', `the target could not be asked: ${(error as Error).message}`),
      )
      // It was confirmed, disabled or deleted meanwhile, or the store is closed: there is nothing to note any more.
      .catch(() => {});
  }
}

const newToken = (): string => randomBytes(48).toString('base64url');

const invalid = (message: string): ServiceError => new ServiceError('InvalidRequestException', message);
