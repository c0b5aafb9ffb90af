/** `get_secret`: secrets of Secrets Manager, kept for a while (AWS: "get_secret"). They live in memory alone. */
import { type Clock, type ExternalServices, type Realm, realmKey, type Secret } from '@thingd/core';
import { readSecret } from '../actions/aws/index.ts';
import type { AwsQuestionOptions } from './aws-question.ts';
import { KeptAnswers } from './kept-answers.ts';

/** AWS keeps a secret for 15 minutes at most; a secret has 64 KiB at most. */
const kept = { age: 15 * 60_000, capacity: 256 };

export function secrets({ aws, signal, clock }: AwsQuestionOptions & { readonly clock: Clock }) {
  const answers = new KeptAnswers<Secret>({ clock, ...kept });
  return (realm: Realm): Pick<ExternalServices, 'getSecret'> => ({
    getSecret: (secretId, roleArn) =>
      answers.get(JSON.stringify([realmKey(realm), secretId, roleArn]), () =>
        readSecret(aws, secretId, { realm, roleArn, signal }),
      ),
  });
}
