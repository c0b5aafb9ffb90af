/** Secrets of Secrets Manager, for actions that log in with one and for `get_secret`. */
import type { Realm, Secret } from '@thingd/core';
import { regionOfArn } from './arn.ts';
import { askAws, unfit } from './aws-call.ts';
import type { AwsClients, ClientSettings } from './aws-clients.ts';

export interface SecretQuestion {
  readonly realm: Realm;
  readonly roleArn?: string | undefined;
  /** Aborted when the program stops. */
  readonly signal: AbortSignal;
}

const service = {
  name: 'SECRETS_MANAGER',
  async open(settings: ClientSettings) {
    const { SecretsManager } = await import('@aws-sdk/client-secrets-manager');
    return new SecretsManager(settings);
  },
};

/** The value of a secret by its name or ARN. Rejects with `ActionFailure`. */
export async function readSecret(
  clients: AwsClients,
  secretId: string,
  { realm, roleArn, signal }: SecretQuestion,
): Promise<Secret> {
  const request = requestOf(secretId);
  const { SecretString, SecretBinary } = await askAws(clients, {
    service,
    request,
    region: regionOfArn(secretId) ?? realm.region,
    roleArn,
    signal,
    send: (client, options) => client.getSecretValue({ SecretId: secretId }, options),
  });
  if (SecretString !== undefined) return { secretString: SecretString };
  if (SecretBinary !== undefined) return { secretBinary: SecretBinary };
  throw unfit(request, 'the secret has no value');
}

export interface SecretName {
  readonly secretId: string;
  readonly secretType?: 'SecretString' | 'SecretBinary' | undefined;
  /** The member that is meant, of a secret that is JSON. */
  readonly secretKey?: string | undefined;
}

/** The text of a secret, or of a member of it. Rejects with `ActionFailure`, also for a secret that has no such text. */
export async function readSecretText(
  clients: AwsClients,
  { secretId, secretType = 'SecretString', secretKey }: SecretName,
  question: SecretQuestion,
): Promise<string> {
  const secret = await readSecret(clients, secretId, question);
  const text = 'secretString' in secret ? secret.secretString : Buffer.from(secret.secretBinary).toString('utf8');
  const isOfType = 'secretString' in secret === (secretType === 'SecretString');
  const value = secretKey === undefined ? text : memberOf(text, secretKey);
  if (isOfType && value !== undefined) return value;
  const missing = `the secret has no ${secretType}${secretKey === undefined ? '' : `, or no \`${secretKey}\` in it`}`;
  throw unfit(requestOf(secretId), missing);
}

const requestOf = (secretId: string): string => `GetSecretValue ${secretId}`;

function memberOf(text: string, key: string): string | undefined {
  try {
    const value: unknown = (JSON.parse(text) as Readonly<Record<string, unknown>> | null)?.[key];
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}
