/** Descriptors for `decode(…, 'proto', …)`: objects of S3, kept for a while (AWS: "Decoding protobuf message payloads"). */
import { type Clock, type ExternalServices, type Realm, realmKey } from '@thingd/core';
import { askAws, s3Service } from '../actions/aws/index.ts';
import type { AwsQuestionOptions } from './aws-question.ts';
import { KeptAnswers } from './kept-answers.ts';

/** AWS keeps a descriptor for 15 minutes at most. */
const kept = { age: 15 * 60_000, capacity: 256 };
/** Bytes of a descriptor; one more is read, so that who decodes it sees that it is too long. */
const longest = 32 * 1024;

export function descriptorSets({ aws, signal, clock }: AwsQuestionOptions & { readonly clock: Clock }) {
  const answers = new KeptAnswers<Uint8Array>({ clock, ...kept });
  return (realm: Realm): Pick<ExternalServices, 'getDescriptorSet'> => ({
    getDescriptorSet: (Bucket, Key) =>
      answers.get(JSON.stringify([realmKey(realm), Bucket, Key]), () =>
        askAws(aws, {
          service: s3Service,
          request: `GetObject s3://${Bucket}/${Key}`,
          region: realm.region,
          signal,
          async send(client, options) {
            const { Body } = await client.getObject({ Bucket, Key, Range: `bytes=0-${longest}` }, options);
            return Body!.transformToByteArray();
          },
        }),
      ),
  });
}
