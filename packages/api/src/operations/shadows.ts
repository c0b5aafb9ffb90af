/** Device Shadows over HTTPS: the same use-cases as over MQTT, so that the two faces cannot disagree. */
import {
  isRejection,
  ServiceError,
  type ServiceErrorName,
  type ShadowName,
  type ShadowRejection,
  type Shadows,
} from '@thingd/core';
import type { IotDataHandlers } from './operation.ts';

export interface ShadowServices {
  readonly shadows: Shadows;
  readonly clock: { now(): number };
}

const errorNames: Record<ShadowRejection['code'], ServiceErrorName> = {
  400: 'InvalidRequestException',
  401: 'UnauthorizedException',
  403: 'ForbiddenException',
  404: 'ResourceNotFoundException',
  409: 'ConflictException',
  413: 'RequestEntityTooLargeException',
  415: 'UnsupportedDocumentEncodingException',
  429: 'ThrottlingException',
  500: 'InternalFailureException',
};

export function shadowOperations({ shadows, clock }: ShadowServices): IotDataHandlers {
  return {
    async GetThingShadow(input, { realm }) {
      return { payload: documentOf(await shadows.get(realm, nameOf(input), empty)) };
    },
    async UpdateThingShadow(input, { realm, caller }) {
      return { payload: documentOf(await shadows.update(realm, nameOf(input), input.payload, caller.principal)) };
    },
    async DeleteThingShadow(input, { realm }) {
      return { payload: documentOf(await shadows.delete(realm, nameOf(input), empty)) };
    },
    async ListNamedShadowsForThing({ thingName, nextToken, pageSize }, { realm }) {
      const page = await shadows.list(realm, thingName, { nextToken, maxResults: pageSize ?? defaultPageSize });
      return { results: page.items, nextToken: page.nextToken, timestamp: Math.floor(clock.now() / 1000) };
    },
  };
}

const empty = Buffer.alloc(0);

/** AWS names no default; its other lists of this plane have 25. (unverified) */
const defaultPageSize = 25;

const nameOf = ({ thingName, shadowName }: { thingName: string; shadowName?: string }): ShadowName => ({
  thingName,
  shadowName: shadowName ?? '',
});

/** The document as bytes, or the rejection under the name AWS gives its code over HTTPS. */
function documentOf(result: string | ShadowRejection): Buffer {
  if (isRejection(result)) throw new ServiceError(errorNames[result.code], result.message);
  return Buffer.from(result);
}
