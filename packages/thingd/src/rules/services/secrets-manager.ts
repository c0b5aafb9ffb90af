/** `get_secret`: secrets of Secrets Manager, kept for a while (AWS: "get_secret"). They live in memory alone. */
import { type Clock, type ExternalServices, type Realm, realmKey, type Secret } from '@thingd/core';
import { askAws, type ClientSettings, regionOfArn } from '../actions/aws/index.ts';
import type { AwsQuestionOptions } from './aws-question.ts';
import { KeptAnswers } from './kept-answers.ts';

const service = {
  name: 'SECRETS_MANAGER',
  async open(settings: ClientSettings) {
    const { SecretsManager } = await import('@aws-sdk/client-secrets-manager');
    return new SecretsManager(settings);
  },
};

/** AWS keeps a secret for 15 minutes at most; a secret has 64 KiB at most. */
const kept = { age: 15 * 60_000, capacity: 256 };

export function secrets({ aws, signal, clock }: AwsQuestionOptions & { readonly clock: Clock }) {
  const answers = new KeptAnswers<Secret>({ clock, ...kept });
  return (realm: Realm): Pick<ExternalServices, 'getSecret'> => ({
    getSecret: (SecretId, roleArn) =>
      answers.get(JSON.stringify([realmKey(realm), SecretId, roleArn]), async () => {
        const { SecretString, SecretBinary } = await askAws(aws, {
          service,
          request: `GetSecretValue ${SecretId}`,
          region: regionOfArn(SecretId) ?? realm.region,
          roleArn,
          signal,
          send: (client, options) => client.getSecretValue({ SecretId }, options),
        });
        if (SecretString !== undefined) return { secretString: SecretString };
        if (SecretBinary !== undefined) return { secretBinary: SecretBinary };
        throw new Error('the secret has no value');
      }),
  });
}
