/** `thingd access-key …`: who may call the API, while the program runs. */
import pc from 'picocolors';
import type { AccessKeyEntry, CreatedAccessKey } from '../server/management.ts';

export const formatCreated = ({ accessKeyId, secretAccessKey, accountId }: CreatedAccessKey): string =>
  [
    `export AWS_ACCESS_KEY_ID=${accessKeyId}`,
    `export AWS_SECRET_ACCESS_KEY=${secretAccessKey}`,
    pc.dim(`# account ${accountId}; the secret is not shown again`),
  ].join('\n');

export const formatList = (keys: readonly AccessKeyEntry[]): string =>
  keys
    .map(({ accessKeyId, accountId, createDate, policyDocument }) =>
      [accessKeyId, accountId, new Date(createDate).toISOString(), pc.dim(policyDocument)].join('  '),
    )
    .join('\n');
