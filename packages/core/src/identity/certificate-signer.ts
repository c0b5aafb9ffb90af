/** What identity needs of someone who holds the installation's CA key; `thingd` provides it. */

export interface IssuedCertificate {
  readonly certificatePem: string;
}

export interface IssuedKeysAndCertificate extends IssuedCertificate {
  /** PEM: SubjectPublicKeyInfo, and the private key as AWS hands it out, PKCS #1. */
  readonly keyPair: { readonly publicKey: string; readonly privateKey: string };
}

export interface CertificateSigner {
  /** A new RSA-2048 key pair and its certificate. The private key is kept nowhere. */
  issueKeysAndCertificate(): Promise<IssuedKeysAndCertificate>;
  /** Throws `InvalidRequestException` for a request that cannot be read, does not prove its key, or has a weak one. */
  issueFromCsr(certificateSigningRequest: string): Promise<IssuedCertificate>;
}
