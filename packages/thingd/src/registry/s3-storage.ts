/** Input files of bulk registrations, read from S3: endpoint, credentials and role are found as for rules' actions. */
import { type ObjectStorage, ServiceError } from '@thingd/core';
import { type AwsClients, failureOf, s3Service } from '../rules/actions/aws/index.ts';

/** Milliseconds the answer may take to begin. */
const patience = 30_000;

export function s3Storage(clients: AwsClients): ObjectStorage {
  return {
    async read(realm, { inputFileBucket, inputFileKey, roleArn }, signal) {
      const slow = new AbortController();
      const timer = setTimeout(() => slow.abort(), patience);
      try {
        const client = await clients.client(s3Service, realm.region, roleArn);
        const { ContentLength, Body } = await client.getObject(
          { Bucket: inputFileBucket, Key: inputFileKey },
          { abortSignal: AbortSignal.any([signal, slow.signal]) },
        );
        return { size: ContentLength ?? 0, body: Body!.transformToWebStream() };
      } catch (error) {
        const file = `s3://${inputFileBucket}/${inputFileKey}`;
        const { message } = failureOf(error, `GetObject ${file}`, patience);
        throw new ServiceError('InvalidRequestException', `the input file ${file} cannot be read: ${message}`);
      } finally {
        clearTimeout(timer);
      }
    },
  };
}
