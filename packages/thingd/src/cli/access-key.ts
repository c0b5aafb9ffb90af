/** `thingd access-key …`: who may call the API, while the program runs. */
import pc from 'picocolors';

export interface AccessKeyEntry {
  readonly accessKeyId: string;
  readonly accountId: string;
  /** Milliseconds since the epoch. */
  readonly creationDate: number;
  readonly policyDocument: string;
}

export interface CreatedAccessKey extends AccessKeyEntry {
  readonly secretAccessKey: string;
}

export const formatCreated = ({ accessKeyId, secretAccessKey, accountId }: CreatedAccessKey): string =>
  [
    `export AWS_ACCESS_KEY_ID=${accessKeyId}`,
    `export AWS_SECRET_ACCESS_KEY=${secretAccessKey}`,
    pc.dim(`# account ${accountId}; the secret is not shown again`),
  ].join('\n');

export const formatList = (keys: readonly AccessKeyEntry[]): string =>
  keys
    .map(({ accessKeyId, accountId, creationDate, policyDocument }) =>
      [accessKeyId, accountId, new Date(creationDate).toISOString(), pc.dim(policyDocument)].join('  '),
    )
    .join('\n');
