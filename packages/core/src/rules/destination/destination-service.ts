/** Use-cases of destinations: made, challenged, confirmed, asked for at every call of an HTTP action. */
import { randomBytes } from 'node:crypto';
import type { Domain } from '../../domain.ts';
import { ServiceError } from '../../errors.ts';
import { type Realm, realmKey } from '../../realm.ts';
import { type Listing, type Page, type PageRequest, readPage } from '../../store/pagination.ts';
import { retryStale } from '../../store/retry.ts';
import { DuplicateKey } from '../../store/store.ts';
import { covers, type Destination, type DestinationStatus, newDestinationArn } from './destination.ts';
import {
  deleteDestination,
  insertDestination,
  listDestinations,
  readDestination,
  readDestinationByToken,
  replaceDestination,
} from './destination-store.ts';

/** Sends the challenge to the URL. Rejects if nobody there takes it. */
export type SendChallenge = (destination: Destination) => Promise<void>;

const listing: Listing<Destination> = { name: 'destinations', order: ['string'], position: ({ arn }) => [arn] };

/** AWS: quotas, "HTTP action destinations". */
const destinationsOfRealm = 1000;

export class Destinations {
  readonly #domain: Pick<Domain, 'store' | 'clock'>;
  readonly #send: SendChallenge;
  /** Confirmed URLs by realm, read when first needed and forgotten with each change. */
  readonly #enabled = new Map<string, Promise<readonly string[]>>();

  constructor(domain: Pick<Domain, 'store' | 'clock'>, send: SendChallenge) {
    this.#domain = domain;
    this.#send = send;
  }

  /** A destination in progress; the challenge is on its way. Throws `ResourceAlreadyExistsException`, `InvalidRequestException`. */
  async create(realm: Realm, confirmationUrl: string): Promise<Destination> {
    const { store, clock } = this.#domain;
    checkUrl(confirmationUrl);
    const now = clock.now();
    const destination: Destination = {
      arn: newDestinationArn(realm),
      confirmationUrl,
      status: 'IN_PROGRESS',
      statusReason: 'awaiting confirmation: a confirmation message was sent to the URL',
      confirmationToken: newToken(),
      createdAt: now,
      lastUpdatedAt: now,
    };
    try {
      await store.commit([insertDestination(store, realmKey(realm), destination)]);
    } catch (error) {
      if (!(error instanceof DuplicateKey)) throw error;
      const message = `there is a destination for \`${confirmationUrl}\` already`;
      throw new ServiceError('ResourceAlreadyExistsException', message);
    }
    this.#challenge(realm, destination);
    return destination;
  }

  /** Creates the destination unless a present one covers the URL (AWS: "HTTP", `confirmationUrl`). */
  async ensure(realm: Realm, confirmationUrl: string): Promise<void> {
    const present = await this.#all(realm);
    if (present.some(destination => covers(destination.confirmationUrl, confirmationUrl))) return;
    try {
      await this.create(realm, confirmationUrl);
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
        all.filter(({ status }) => status === 'ENABLED').map(({ confirmationUrl }) => confirmationUrl),
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
    this.#send(destination)
      .catch(async (error: unknown) => {
        const statusReason = `the confirmation message could not be delivered: ${(error as Error).message}`;
        const failed = { ...destination, status: 'ERROR', statusReason, lastUpdatedAt: clock.now() } as const;
        await store.commit([replaceDestination(store, realmKey(realm), destination, failed)]);
      })
      // It was confirmed, disabled or deleted meanwhile, or the store is closed: there is nothing to note any more.
      .catch(() => {});
  }
}

const newToken = (): string => randomBytes(48).toString('base64url');

function checkUrl(url: string): void {
  const isHttp = URL.canParse(url) && ['http:', 'https:'].includes(new URL(url).protocol);
  if (!isHttp || url.includes('${')) throw invalid(`\`${url}\` is no URL that can be confirmed`);
}

const invalid = (message: string): ServiceError => new ServiceError('InvalidRequestException', message);
