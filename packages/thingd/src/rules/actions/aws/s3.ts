/** The `s3` action: an object of what SELECT made (AWS: "S3"). */
import type { ObjectCannedACL } from '@aws-sdk/client-s3';
import type { ActionRunner } from '@thingd/core';
import { callAws, unfit } from './aws-call.ts';
import type { AwsClients, ClientSettings } from './aws-clients.ts';

interface S3Parameters {
  readonly bucketName: string;
  readonly key: string;
  readonly cannedAcl?: ObjectCannedACL;
}

export const s3Service = {
  name: 'S3',
  async open(settings: ClientSettings) {
    const { S3 } = await import('@aws-sdk/client-s3');
    // Those who speak S3's protocol beside AWS know neither a host per bucket nor the newest checksums.
    const elsewhere = { forcePathStyle: true, requestChecksumCalculation: 'WHEN_REQUIRED' } as const;
    return new S3({ ...settings, ...(settings.endpoint !== undefined && elsewhere) });
  },
};

export function s3(clients: AwsClients): ActionRunner {
  const read = (parameters: object): S3Parameters => parameters as S3Parameters;
  return {
    failedAction: 'S3Action',
    literals: ['cannedAcl'],
    check() {},
    resourceOf: parameters => read(parameters).bucketName,
    async run(request) {
      const { bucketName, key, cannedAcl } = read(request.parameters);
      const what = `PutObject s3://${bucketName}/${key}`;
      // A PUT without a key would create the bucket.
      if (key === '') throw unfit(what, 'the key is empty');
      const input = { Bucket: bucketName, Key: key, ACL: cannedAcl, Body: request.payload };
      return callAws(clients, request, {
        service: s3Service,
        request: what,
        send: (client, options) => client.putObject(input, options),
      });
    },
  };
}
