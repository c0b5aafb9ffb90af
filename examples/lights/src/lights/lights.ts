/** The use-cases: register, list, show, delete, command. Owners see their own lights and nothing of others'. */
import { randomBytes } from 'node:crypto';
import type { LastKnown } from '../live/last-known.ts';
import { type CommandMessage, commandExpiry, sessionExpiry } from './commands.ts';
import type { Deletions } from './deletions.ts';
import type { Fleet, Page } from './fleet.ts';
import { type Connectivity, commandTopic, dataTopic, type Light, type NewLight } from './light.ts';
import { Problem } from './problem.ts';
import type { Store, StoredLight } from './store.ts';

/** A light that is not whole after five minutes is not going to be. */
const makingTakes = 5 * 60_000;

export interface LightsOptions {
  readonly store: Store;
  readonly fleet: Fleet;
  readonly lastKnown: LastKnown;
  readonly deletions: Deletions;
  /** PEM that lights must trust, where no public authority signed the endpoint's certificate. */
  readonly certificateAuthority?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** What became of a command. */
export interface SentCommand {
  /** `on-return`: the light is off, and gets it when it comes back. */
  readonly delivery: 'now' | 'on-return';
  /** After that it is not delivered any more. */
  readonly expiresAt: string;
}

export class Lights {
  readonly #options: LightsOptions;

  constructor(options: LightsOptions) {
    this.#options = options;
  }

  async create(ownerId: string, name: string): Promise<NewLight> {
    const { store, fleet, lastKnown, deletions, certificateAuthority, now } = this.#options;
    const id = `light${randomBytes(8).toString('hex')}`;
    store.begin({ id, ownerId, name }, now() + makingTakes);
    deletions.wake();
    const certificate = await fleet.issueCertificate();
    store.setCertificate(id, certificate.id);
    await fleet.register(id, ownerId, certificate);
    store.finish(id);
    lastKnown.created(id, { name });
    return {
      id,
      name,
      certificatePem: certificate.certificatePem,
      privateKey: certificate.privateKey,
      publicKey: certificate.publicKey,
      endpoint: fleet.endpoint,
      ...(certificateAuthority !== undefined && { certificateAuthority }),
      topics: { data: dataTopic(id), command: commandTopic(id) },
    };
  }

  /** In the index's order. A page may be short of what was deleted a moment ago; only a missing `nextToken` is the end. */
  async list(ownerId: string, page: Page): Promise<{ lights: Light[]; nextToken?: string }> {
    const { lights, nextToken } = await this.#options.fleet.search(ownerId, page);
    return {
      lights: lights.flatMap(({ id, connectivity }) => {
        const stored = this.#options.store.light(id);
        return stored?.ownerId === ownerId ? [this.#view(stored, connectivity)] : [];
      }),
      ...(nextToken !== undefined && { nextToken }),
    };
  }

  async show(ownerId: string, id: string): Promise<Light> {
    const stored = this.#own(ownerId, id);
    return this.#view(stored, await this.#options.fleet.connectivity(id));
  }

  delete(ownerId: string, id: string): void {
    const { store, deletions, lastKnown, now } = this.#options;
    this.#own(ownerId, id);
    lastKnown.deleted(id);
    store.scheduleDeletion(id, now());
    deletions.wake();
  }

  async command(ownerId: string, id: string, message: CommandMessage): Promise<SentCommand> {
    const { connectivity } = await this.show(ownerId, id);
    const { fleet, now } = this.#options;
    if (!keepsSession(connectivity, now())) {
      throw new Problem(
        'light-never-connected',
        `\`${id}\` has not been connected in the last week: switch it on first`,
      );
    }
    await fleet.send(id, message, commandExpiry);
    return {
      delivery: connectivity.connected ? 'now' : 'on-return',
      expiresAt: new Date(now() + commandExpiry * 1000).toISOString(),
    };
  }

  /** Other people's lights do not exist. */
  #own(ownerId: string, id: string): StoredLight {
    const light = this.#options.store.light(id);
    if (light?.ownerId !== ownerId) throw new Problem('light-not-found', `you have no light \`${id}\``);
    return light;
  }

  #view({ id, name }: StoredLight, indexed: Connectivity | undefined): Light {
    const { lastKnown } = this.#options;
    const state = lastKnown.state(id);
    const connectivity = lastKnown.connectivity(id, indexed);
    return { id, name, connectivity, ...(state && { state }) };
  }
}

/** Whether there is a session to keep a command for the light, which asks for one of `sessionExpiry` seconds. */
function keepsSession({ connected, since }: Connectivity, now: number): boolean {
  return connected || (since !== undefined && now < Date.parse(since) + sessionExpiry * 1000);
}
