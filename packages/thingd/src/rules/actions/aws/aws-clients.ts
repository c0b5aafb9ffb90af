/**
 * The clients by which the program calls AWS, or whatever speaks its protocols: made on first use, one for each service, region,
 * endpoint and role. Endpoints and credentials are found as AWS's own tools find them.
 */
import type { NodeHttpHandler } from '@smithy/node-http-handler';
import type { Clock } from '@thingd/core';
import { type CredentialsProvider, keptUntilExpiry, type SigningIdentity } from './credentials.ts';

/** What every client of the AWS SDK takes. */
export interface ClientSettings {
  readonly region: string;
  /** Undefined for AWS's own. */
  readonly endpoint: string | undefined;
  readonly credentials: CredentialsProvider | undefined;
  /** One: how often and when to try again is for who calls to say. */
  readonly maxAttempts: 1;
  readonly requestHandler: NodeHttpHandler;
}

export interface Destroyable {
  destroy(): void;
}

/** A service: its name in `AWS_ENDPOINT_URL_<name>`, and how a client for it is made, its package imported. */
export interface AwsService<Client extends Destroyable> {
  readonly name: string;
  open(settings: ClientSettings): Promise<Client>;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Milliseconds a connection may take to come about. */
const connectionTimeout = 3000;

export class AwsClients {
  readonly #environment: Environment;
  readonly #clock: Clock;
  readonly #clients = new Map<string, Promise<Destroyable>>();
  readonly #providers = new Map<string, Promise<CredentialsProvider>>();

  constructor(environment: Environment, clock: Clock) {
    this.#environment = environment;
    this.#clock = clock;
  }

  /**
   * Where a service is reached, if not at AWS: `AWS_ENDPOINT_URL_<SERVICE>`, else `AWS_ENDPOINT_URL` (AWS SDKs and tools
   * reference: "Service-specific endpoints").
   */
  endpointOf(serviceName: string): string | undefined {
    return this.#environment[`AWS_ENDPOINT_URL_${serviceName}`] || this.#environment.AWS_ENDPOINT_URL || undefined;
  }

  /** The client for a service in a region, acting as the role where roles can be assumed. */
  client<Client extends Destroyable>(
    service: AwsService<Client>,
    region: string,
    roleArn: string | undefined,
  ): Promise<Client> {
    const role = this.#assumes ? roleArn : undefined;
    const key = `${service.name} ${region} ${role ?? ''}`;
    let client = this.#clients.get(key) as Promise<Client> | undefined;
    if (client === undefined) {
      client = this.#open(service, region, role);
      this.#clients.set(key, client);
      client.catch(() => this.#clients.delete(key));
    }
    return client;
  }

  /**
   * Who signs a request that no client of the SDK makes. Undefined for a server that is not AWS's while there is no access key:
   * it is asked unsigned.
   */
  async signer(url: URL, region: string, roleArn: string): Promise<SigningIdentity | undefined> {
    const isAws = /\.amazonaws\.com(\.cn)?$/.test(url.hostname);
    if (!isAws && !this.#environment.AWS_ACCESS_KEY_ID) return undefined;
    const provider = await this.#provider(region, this.#assumes ? roleArn : undefined);
    return provider();
  }

  async close(): Promise<void> {
    const clients = await Promise.allSettled(this.#clients.values());
    this.#clients.clear();
    for (const client of clients) if (client.status === 'fulfilled') client.value.destroy();
  }

  /** Roles are assumed only where an STS is named for it: most who run their own services have none. */
  get #assumes(): boolean {
    return Boolean(this.#environment.AWS_ENDPOINT_URL_STS);
  }

  /** Without a role, the SDK's usual chain: variables, files, metadata services. */
  #provider(region: string, roleArn: string | undefined): Promise<CredentialsProvider> {
    const key = `${region} ${roleArn ?? ''}`;
    let provider = this.#providers.get(key);
    if (provider === undefined) {
      provider = import('@aws-sdk/credential-providers').then(providers =>
        roleArn === undefined
          ? providers.fromNodeProviderChain()
          : keptUntilExpiry(
              providers.fromTemporaryCredentials({
                params: { RoleArn: roleArn, RoleSessionName: 'thingd-rules' },
                clientConfig: { region, endpoint: this.endpointOf('STS') },
              }),
              this.#clock,
            ),
      );
      this.#providers.set(key, provider);
    }
    return provider;
  }

  async #open<Client extends Destroyable>(
    service: AwsService<Client>,
    region: string,
    roleArn: string | undefined,
  ): Promise<Client> {
    const { NodeHttpHandler } = await import('@smithy/node-http-handler');
    return service.open({
      region,
      endpoint: this.endpointOf(service.name),
      credentials: roleArn === undefined ? undefined : await this.#provider(region, roleArn),
      maxAttempts: 1,
      requestHandler: new NodeHttpHandler({ connectionTimeout }),
    });
  }
}
