/** Stores of keys and certificates as Kafka's properties name them, for TLS: PKCS#12 or PEM, as they are or in base64. */
import { X509Certificate } from 'node:crypto';
import { type ConnectionOptions, createSecureContext } from 'node:tls';
import { ServiceError } from '@thingd/core';

/** AWS: "Apache Kafka", `ssl.truststore`. */
const largestStore = 65 * 1024;

/** The certificates of authorities, from PEM. Throws `InvalidRequestException`, `NotImplementedException`. */
export function truststore(given: string): string[] {
  const store = read('ssl.truststore', given);
  if (!isPem(store)) {
    // Node.js takes trusted certificates from PEM alone.
    throw notImplemented(
      '`ssl.truststore` as PKCS#12',
      'openssl pkcs12 -nokeys -in truststore.p12 -out truststore.pem',
    );
  }
  const certificates = store.toString('latin1').match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
  try {
    for (const certificate of certificates ?? []) new X509Certificate(certificate);
  } catch (error) {
    throw invalid(`\`ssl.truststore\` has a certificate that cannot be read: ${(error as Error).message}`);
  }
  if (certificates === null) throw invalid('`ssl.truststore` has no certificate');
  return certificates;
}

/** The client's own key and certificate. Throws `InvalidRequestException`, `NotImplementedException`. */
export function keystore(
  given: string,
  storePassword: string | undefined,
  keyPassword: string | undefined,
): ConnectionOptions {
  const store = read('ssl.keystore', given);
  // PKCS#12 has one password for both, and Java's tools write it so.
  const options = isPem(store)
    ? { cert: store, key: store, passphrase: keyPassword }
    : { pfx: store, passphrase: storePassword ?? keyPassword };
  try {
    createSecureContext(options);
  } catch (error) {
    throw invalid(`\`ssl.keystore\` cannot be read with its password: ${(error as Error).message}`);
  }
  return options;
}

const isPem = (store: Buffer): boolean => store.includes('-----BEGIN ');

function read(name: string, given: string): Buffer {
  if (given.length > largestStore) throw invalid(`\`${name}\` has ${given.length} characters; it may have 65 KB`);
  const store = given.includes('-----BEGIN ') ? Buffer.from(given) : Buffer.from(given, 'base64');
  if (store.length === 0) throw invalid(`\`${name}\` is no base64`);
  const magic = store.length > 4 ? store.readUInt32BE(0) : 0;
  if (magic === 0xfeedfeed || magic === 0xcececece) {
    throw notImplemented(`\`${name}\` as JKS`, 'keytool -importkeystore -deststoretype PKCS12');
  }
  return store;
}

const notImplemented = (what: string, how: string): ServiceError =>
  new ServiceError('NotImplementedException', `${what} is not implemented; \`${how}\` makes what is`);

const invalid = (message: string): ServiceError => new ServiceError('InvalidRequestException', message);
