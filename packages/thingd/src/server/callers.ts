/** Who calls the API or opens a WebSocket, beside devices on MQTT: access keys, and devices over HTTPS. */
import type { AccessKeys as AccessKeyPort, AccessKey as ApiAccessKey, Denial as ApiDenial, Identity } from '@thingd/api';
import {
  type AccessKey,
  type AccessKeys,
  type BoundPolicies,
  bindPolicies,
  type Clock,
  type CompiledPolicy,
  compilePolicy,
  connectionContext,
  type Explanation,
  parsePolicy,
  type Realm,
} from '@thingd/core';
import {
  bindPermissions,
  type ClientIdentity,
  type DeviceCertificates,
  everything,
  type PermissionResolver,
} from '../authorization/index.ts';

export interface CallersOptions {
  readonly accessKeys: AccessKeys;
  readonly devices: DeviceCertificates;
  readonly permissions: PermissionResolver;
  readonly clock: Clock;
  /** Everyone may do everything. */
  readonly dev: boolean;
}

export class Callers implements AccessKeyPort {
  readonly #options: CallersOptions;
  /** Compiled policies of the keys in use; a key that leaves the service's cache leaves this one. */
  readonly #compiled = new WeakMap<AccessKey, readonly CompiledPolicy[]>();

  constructor(options: CallersOptions) {
    this.#options = options;
  }

  async find(accessKeyId: string): Promise<ApiAccessKey | undefined> {
    const key = await this.#options.accessKeys.find(accessKeyId);
    if (key === undefined) return undefined;
    return {
      secretAccessKey: key.secretAccessKey,
      accountId: key.accountId,
      principal: `arn:aws:iam::${key.accountId}:user/${key.accessKeyId}`,
      authorize: (action, resource, { sourceIp }) => this.#bind(key, sourceIp).decide(action, resource),
    };
  }

  /** The client a signed WebSocket upgrade stands for. */
  async client({ realm, caller }: Identity): Promise<ClientIdentity> {
    const principal = caller.accessKeyId ?? caller.principal;
    if (this.#options.dev) return { kind: 'other', realm, principal, policies: everything };
    const key = await this.#options.accessKeys.find(principal);
    return { kind: 'other', realm, principal, policies: key === undefined ? [] : this.#policies(key) };
  }

  /** The device behind a client certificate, for the planes that devices may call. */
  async device(der: Buffer, serverName: string | undefined): Promise<Identity | undefined> {
    const identity = await this.#options.devices.identify(der, serverName);
    if (!('kind' in identity) || identity.kind !== 'certificate') return undefined;
    const { realm, certificateId } = identity;
    const bound = await this.#bindDevice(identity, serverName);
    const authorize = bound.decide.bind(bound);
    return { realm, caller: { kind: 'certificate', principal: certificateId, certificateId, authorize } };
  }

  /** Why the API denied a call. */
  async explain({ caller, action, resource }: ApiDenial, realm: Realm): Promise<Explanation> {
    const { accessKeyId } = caller;
    const key = accessKeyId === undefined ? undefined : await this.#options.accessKeys.find(accessKeyId);
    if (key !== undefined) return this.#bind(key, undefined).explain(action, resource);
    const identity: ClientIdentity = { kind: 'other', realm, principal: caller.principal, policies: [] };
    return bindPermissions(
      identity,
      await this.#options.permissions.resolve(identity, undefined),
      {},
      this.#options.clock,
    ).explain(action, resource);
  }

  async #bindDevice(identity: ClientIdentity, domainName: string | undefined): Promise<BoundPolicies> {
    const permissions = await this.#options.permissions.resolve(identity, undefined);
    return bindPermissions(identity, permissions, { domainName, secureTransport: true }, this.#options.clock);
  }

  #bind(key: AccessKey, sourceIp: string | undefined): BoundPolicies {
    return bindPolicies(this.#policies(key), connectionContext({ sourceIp, now: () => this.#options.clock.now() }));
  }

  #policies(key: AccessKey): readonly CompiledPolicy[] {
    const known = this.#compiled.get(key);
    if (known !== undefined) return known;
    const compiled = [compilePolicy(key.accessKeyId, parsePolicy(key.policyDocument))];
    this.#compiled.set(key, compiled);
    return compiled;
  }
}
