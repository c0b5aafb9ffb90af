/** The signature of an MQTT over WebSocket upgrade: a presigned URL, or headers, for the device gateway. */
import { RequestError } from '../protocol/errors.ts';
import type { HttpRequest } from '../protocol/message.ts';
import { readClaim } from '../protocol/sigv4.ts';
import { type Authentication, authenticateSignature, type Identity } from './authenticate.ts';

/**
 * Verifies the upgrade request of `/mqtt`. In `dev` the signature is not looked at.
 *
 * @param request the upgrade: GET, raw path and query, headers (`headersOf`), an empty body
 * @returns undefined when the request is not signed
 * @throws RequestError when the signature does not hold; AWS answers such an upgrade with 403
 */
export async function authenticateWebSocket(
  authentication: Authentication,
  request: HttpRequest,
  sourceIp: string,
): Promise<Identity | undefined> {
  const claim = readClaim(request);
  if (!claim) return undefined;
  if (request.method !== 'GET') throw new RequestError('InvalidRequestException', 'a WebSocket upgrade is a GET');
  return authenticateSignature(authentication, request, claim, ['iotdevicegateway', 'iotdata'], sourceIp);
}
