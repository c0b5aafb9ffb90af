/**
 * The clients by which actions call AWS, or whatever speaks its protocols: made on first use, one for each service, region,
 * endpoint and role. Endpoints and credentials are found as AWS's own tools find them.
 */
import type { NodeHttpHandler } from '@smithy/node-http-handler';

/** What every client of the AWS SDK takes. */
export interface ClientSettings {
  readonly region: string;
  /** Undefined for AWS's own. */
  readonly endpoint: string | undefined;
  readonly credentials: CredentialsProvider | undefined;
  /** One: how often and when to try again is the rule engine's to say. */
  readonly maxAttempts: 1;
  readonly requestHandler: NodeHttpHandler;
}

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

export type CredentialsProvider = () => Promise<AwsCredentials>;

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
  readonly #clients = new Map<string, Promise<Destroyable>>();

  constructor(environment: Environment) {
    this.#environment = environment;
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

  /** Who requests are signed as; the provider keeps what it finds until that expires. */
  async credentials(region: string, roleArn: string | undefined): Promise<CredentialsProvider> {
    const providers = await import('@aws-sdk/credential-providers');
    if (!this.#assumes || roleArn === undefined) return providers.fromNodeProviderChain();
    return providers.fromTemporaryCredentials({
      params: { RoleArn: roleArn, RoleSessionName: 'thingd-rules' },
      clientConfig: { region, endpoint: this.endpointOf('STS') },
    });
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

  async #open<Client extends Destroyable>(
    service: AwsService<Client>,
    region: string,
    roleArn: string | undefined,
  ): Promise<Client> {
    const { NodeHttpHandler } = await import('@smithy/node-http-handler');
    return service.open({
      region,
      endpoint: this.endpointOf(service.name),
      credentials: this.#assumes && roleArn !== undefined ? await this.credentials(region, roleArn) : undefined,
      maxAttempts: 1,
      requestHandler: new NodeHttpHandler({ connectionTimeout }),
    });
  }
}
