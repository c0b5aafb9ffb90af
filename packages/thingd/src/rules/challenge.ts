/** Asks the owner of a URL whether rules may call it (AWS: "Confirming HTTP action destinations"). */
import type { Destination } from '@thingd/core';
import { post } from './actions/http-exchange.ts';

/** `address` is where thingd is reached, such as `http://127.0.0.1:4566`. Rejects if nobody there takes the challenge. */
export async function sendChallenge(
  { arn, confirmationToken }: Destination,
  confirmationUrl: string,
  address: string,
  signal: AbortSignal,
): Promise<void> {
  const enableUrl = `${address}/confirmdestination/${confirmationToken}`;
  const url = new URL(confirmationUrl);
  url.searchParams.set('confirmationToken', confirmationToken);
  const headers = {
    'content-type': 'application/json',
    'x-amz-rules-engine-message-type': 'DestinationConfirmation',
    'x-amz-rules-engine-destination-arn': arn,
  };
  const body = JSON.stringify({ arn, confirmationToken, enableUrl, messageType: 'DestinationConfirmation' });
  await post({ url: url.href, headers, body: new TextEncoder().encode(body), signal });
}
