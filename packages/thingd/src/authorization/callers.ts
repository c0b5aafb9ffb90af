/** Clients that do not come as devices on MQTT: signed WebSockets, and devices that call over HTTPS. */
import type { Identity } from '@thingd/api';
import { type AccessKeys, type Clock, compilePolicy, parsePolicy } from '@thingd/core';
import type { DeviceCertificates } from './device-certificates.ts';
import {
  bindPermissions,
  type Circumstances,
  type ClientIdentity,
  everything,
  type PermissionResolver,
} from './permissions.ts';

/** The MQTT client a signed WebSocket upgrade stands for: its access key's policy decides. */
export async function signedClient(
  { realm, caller }: Identity,
  accessKeys: AccessKeys,
  dev: boolean,
): Promise<ClientIdentity> {
  const principal = caller.accessKeyId ?? caller.principal;
  if (dev) return { kind: 'other', realm, principal, policies: everything };
  const key = await accessKeys.find(principal);
  const policies = key === undefined ? [] : [compilePolicy(principal, parsePolicy(key.policyDocument))];
  const isValid = async () => (await accessKeys.find(principal)) !== undefined;
  return { kind: 'other', realm, principal, policies, isValid };
}

export interface DeviceCallerOptions {
  readonly devices: DeviceCertificates;
  readonly permissions: PermissionResolver;
  readonly clock: Clock;
}

/** The API's caller behind a client certificate; undefined for one that may not be used. */
export async function deviceCaller(
  der: Buffer,
  origin: Pick<Circumstances, 'domainName' | 'sourceIp'>,
  { devices, permissions, clock }: DeviceCallerOptions,
): Promise<Identity | undefined> {
  const identity = await devices.identify(der, origin.domainName);
  if (!('kind' in identity) || identity.kind !== 'certificate') return undefined;
  const { realm, certificateId } = identity;
  // AWS: thing policy variables are for MQTT; over HTTPS there is no client id to tell the thing by.
  const resolved = await permissions.resolve(identity, undefined);
  const bound = bindPermissions(identity, resolved, { ...origin, secureTransport: true }, clock);
  return {
    realm,
    caller: {
      kind: 'certificate',
      principal: certificateId,
      certificateId,
      authorize: (action, resource) => bound.decide(action, resource),
      explain: (action, resource) => bound.explain(action, resource),
    },
  };
}
