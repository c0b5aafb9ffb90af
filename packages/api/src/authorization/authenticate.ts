/** Who makes a request, and in which realm: by signature, by client certificate, or — in `dev` alone — by saying so. */
import {
  bindPolicies,
  type Clock,
  type CompiledPolicy,
  compilePolicy,
  connectionContext,
  type Decision,
  parsePolicy,
  partitionOf,
  type Realm,
} from '@thingd/core';
import type { Caller } from '../operations/operation.ts';
import { RequestError } from '../protocol/errors.ts';
import type { HttpRequest } from '../protocol/message.ts';
import type { ServiceName } from '../protocol/model.ts';
import { type Claim, verifySignature } from '../protocol/sigv4.ts';

/** An access key as the API needs it. */
export interface AccessKey {
  readonly secretAccessKey: string;
  readonly accountId: string;
  /** An IoT policy document as JSON text: what the key may do. */
  readonly policyDocument: string;
}

export interface AccessKeys {
  find(accessKeyId: string): Promise<AccessKey | undefined>;
}

/** `dev` mode: signatures are not verified, and everyone may do everything. */
export interface Dev {
  /** The realm of callers whose access key does not tell an account, or who do not sign at all. */
  readonly realm: Realm;
}

export interface Identity {
  readonly realm: Realm;
  readonly caller: Caller;
}

export interface Authentication {
  readonly accessKeys: AccessKeys;
  readonly clock: Clock;
  readonly dev?: Dev | undefined;
  /** Whether a realm may be used; absent means every region of an access key's account. */
  readonly hasRealm?: ((realm: Realm) => boolean) | undefined;
}

/**
 * The identity behind a signature.
 *
 * @param services names the credential scope may carry
 * @throws RequestError in AWS's names when the key is unknown or the signature does not hold
 */
export async function authenticateSignature(
  authentication: Authentication,
  request: HttpRequest,
  claim: Claim,
  services: readonly string[],
  sourceIp: string,
): Promise<Identity> {
  if (authentication.dev) return devIdentity(authentication.dev, claim);
  const key = await authentication.accessKeys.find(claim.accessKeyId);
  if (!key) {
    throw new RequestError('UnrecognizedClientException', 'The security token included in the request is invalid.');
  }
  verifySignature(request, claim, key.secretAccessKey, services, authentication.clock.now());
  const realm = { accountId: key.accountId, region: claim.region };
  if (authentication.hasRealm && !authentication.hasRealm(realm)) {
    throw new RequestError('InvalidSignatureException', 'Credential should be scoped to a valid region.');
  }
  const context = connectionContext({
    sourceIp,
    secureTransport: request.secure,
    userAgent: request.headers['user-agent'],
    now: () => authentication.clock.now(),
  });
  const policies = bindPolicies([policyOf(claim.accessKeyId, key)], context);
  return {
    realm,
    caller: {
      kind: 'accessKey',
      principal: `arn:${partitionOf(realm.region)}:iam::${realm.accountId}:user/${claim.accessKeyId}`,
      accessKeyId: claim.accessKeyId,
      authorize: (action, resource) => policies.decide(action, resource),
      explain: (action, resource) => policies.explain(action, resource),
    },
  };
}

/** A key's policy, compiled once for as long as its owner keeps the key in memory. */
const compiled = new WeakMap<AccessKey, CompiledPolicy>();

function policyOf(accessKeyId: string, key: AccessKey): CompiledPolicy {
  let policy = compiled.get(key);
  if (!policy) {
    policy = compilePolicy(accessKeyId, parsePolicy(key.policyDocument));
    compiled.set(key, policy);
  }
  return policy;
}

const always = (): Decision => 'allowed';

/** A twelve-digit access key id is the account; every other one, and no signature at all, is the default account. */
export function devIdentity(dev: Dev, claim?: Claim): Identity {
  if (!claim) return { realm: dev.realm, caller: { kind: 'anonymous', principal: 'anonymous', authorize: always } };
  const accountId = /^\d{12}$/.test(claim.accessKeyId) ? claim.accessKeyId : dev.realm.accountId;
  return {
    realm: { accountId, region: claim.region },
    caller: {
      kind: 'accessKey',
      principal: `arn:aws:iam::${accountId}:user/dev`,
      accessKeyId: claim.accessKeyId,
      authorize: always,
    },
  };
}

/** What a request without any credentials gets; the data plane knows a 401. */
export const missingCredentials = (service: ServiceName): RequestError =>
  service === 'iotdata'
    ? new RequestError('UnauthorizedException', 'Unauthorized')
    : new RequestError('MissingAuthenticationTokenException', 'Missing Authentication Token');
