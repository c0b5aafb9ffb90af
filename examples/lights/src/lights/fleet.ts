/** What the light backend asks of an IoT core. `aws/` answers it by AWS IoT's API, the tests also by a few maps. */
import type { Connectivity } from './light.ts';

export interface IssuedCertificate {
  readonly id: string;
  readonly arn: string;
  readonly certificatePem: string;
  readonly privateKey: string;
  readonly publicKey: string;
}

export interface FoundLight {
  readonly id: string;
  readonly connectivity: Connectivity;
}

export interface Page {
  /** 1 to 250. */
  readonly limit: number;
  readonly nextToken?: string | undefined;
}

export interface Fleet {
  /** Host, and port unless it is 443, where lights connect. */
  readonly endpoint: string;
  /** A new certificate that may not connect until `register` has been through. */
  issueCertificate(): Promise<IssuedCertificate>;
  register(id: string, owner: string, certificate: IssuedCertificate): Promise<void>;
  /** Lights of an owner that are not marked as deleted, as far as the index knows of them. */
  search(owner: string, page: Page): Promise<{ lights: FoundLight[]; nextToken?: string | undefined }>;
  /** Undefined while the index does not know of the light. */
  connectivity(id: string): Promise<Connectivity | undefined>;
  /** Kept for a light that is off until `expiry` seconds have passed. */
  send(id: string, message: object, expiry: number): Promise<void>;
  /** Removes all that `register` and life have left of a light. What is gone already is fine, so it can be repeated. */
  remove(id: string, certificateId: string | undefined): Promise<void>;
}
