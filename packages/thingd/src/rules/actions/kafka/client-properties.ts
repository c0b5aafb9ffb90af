/** `clientProperties` of the `kafka` action: how a cluster is reached, in the words of Kafka's own producer (AWS: "Apache Kafka"). */
import type { ConnectionOptions } from 'node:tls';
import { ServiceError } from '@thingd/core';
import { keystore, truststore } from './stores.ts';

export type Compression = 'none' | 'gzip' | 'snappy' | 'zstd';

export interface KafkaSettings {
  readonly brokers: readonly string[];
  readonly acks: -1 | 0 | 1;
  readonly compression: Compression;
  /** Undefined for connections in the clear. */
  readonly tls: ConnectionOptions | undefined;
  readonly sasl: Sasl | undefined;
}

export type Sasl = ({ readonly mechanism: 'plain' } | { readonly mechanism: 'scram-sha-512' }) & {
  readonly username: string;
  readonly password: string;
};

export type ClientProperties = Readonly<Record<string, string>>;

const protocols = ['SSL', 'SASL_SSL', 'PLAINTEXT', 'SASL_PLAINTEXT'];
const serializers = ['StringSerializer', 'ByteBufferSerializer'].flatMap(name => [
  name,
  `org.apache.kafka.common.serialization.${name}`,
]);

/** What each property may be; any text where there is no list. */
const properties: Readonly<Record<string, readonly string[] | undefined>> = {
  'bootstrap.servers': undefined,
  acks: ['-1', '0', '1', 'all'],
  'compression.type': ['none', 'gzip', 'snappy', 'lz4', 'zstd'],
  'security.protocol': protocols,
  'key.serializer': serializers,
  'value.serializer': serializers,
  'ssl.truststore': undefined,
  'ssl.truststore.password': undefined,
  'ssl.keystore': undefined,
  'ssl.keystore.password': undefined,
  'ssl.key.password': undefined,
  'sasl.mechanism': ['PLAIN', 'SCRAM-SHA-512', 'GSSAPI'],
  'sasl.plain.username': undefined,
  'sasl.plain.password': undefined,
  'sasl.scram.username': undefined,
  'sasl.scram.password': undefined,
  'sasl.kerberos.keytab': undefined,
  'sasl.kerberos.service.name': undefined,
  'sasl.kerberos.krb5.kdc': undefined,
  'sasl.kerberos.krb5.realm': undefined,
  'sasl.kerberos.principal': undefined,
};

export const confidentialProperties = Object.keys(properties).filter(name => /password|store$|keytab/.test(name));

const isTemplate = (text: string): boolean => text.includes('${');

/**
 * Refuses what nobody could connect with, as far as it is no template: throws `InvalidRequestException`, or
 * `NotImplementedException` for Kerberos, LZ4 and stores of Java's own kinds.
 */
export function checkProperties(given: ClientProperties): void {
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(properties, name)) throw invalid(`\`clientProperties\` has no \`${name}\``);
    const allowed = properties[name];
    if (allowed === undefined || isTemplate(value) || allowed.includes(value)) continue;
    throw invalid(`\`${name}\` expects ${allowed.join(', ')}, not \`${value}\``);
  }
  if (given['compression.type'] === 'lz4') throw missing('`compression.type` lz4');
  if (given['sasl.mechanism'] === 'GSSAPI') throw missing('`sasl.mechanism` GSSAPI, which is Kerberos,');
  if (!Object.values(given).some(isTemplate)) settingsOf(given);
}

/** Of properties whose templates are rendered. Throws as `checkProperties`. */
export function settingsOf(given: ClientProperties): KafkaSettings {
  const { acks = '1', 'compression.type': compression = 'none', 'security.protocol': protocol = 'SSL' } = given;
  const brokers = (given['bootstrap.servers'] ?? '').split(',').map(server => server.trim());
  const unnamed = brokers.find(server => !/^[^\s:]+:\d{1,5}$|^\[[\da-fA-F:]+\]:\d{1,5}$/.test(server));
  if (unnamed !== undefined) throw invalid(`\`bootstrap.servers\` expects host:port,…, not \`${unnamed}\``);
  return {
    brokers,
    acks: acks === 'all' ? -1 : (Number(acks) as -1 | 0 | 1),
    compression: compression as Compression,
    tls: protocol.endsWith('SSL') ? tlsOf(given) : undefined,
    sasl: protocol.startsWith('SASL') ? saslOf(given) : undefined,
  };
}

function tlsOf(given: ClientProperties): ConnectionOptions {
  const { 'ssl.truststore': trust, 'ssl.keystore': keys } = given;
  return {
    ...(trust !== undefined && { ca: truststore(trust) }),
    ...(keys !== undefined && keystore(keys, given['ssl.keystore.password'], given['ssl.key.password'])),
  };
}

function saslOf(given: ClientProperties): Sasl {
  const text = (name: string): string => {
    const value = given[name];
    if (value === undefined) throw invalid(`\`clientProperties\` has no \`${name}\``);
    return value;
  };
  if (text('sasl.mechanism') === 'PLAIN') {
    return { mechanism: 'plain', username: text('sasl.plain.username'), password: text('sasl.plain.password') };
  }
  return { mechanism: 'scram-sha-512', username: text('sasl.scram.username'), password: text('sasl.scram.password') };
}

const invalid = (message: string): ServiceError => new ServiceError('InvalidRequestException', message);

const missing = (what: string): ServiceError =>
  new ServiceError('NotImplementedException', `${what} of the action \`kafka\` is not implemented`);
