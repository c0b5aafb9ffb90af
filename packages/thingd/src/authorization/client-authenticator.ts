/** Decides every CONNECT for the broker, and keeps each connection's permissions true for as long as it lives. */
import {
  type Admission,
  type Authenticator,
  type Authorizer,
  type Connect,
  type ConnectionInfo,
  type Origin,
  ReasonCode,
  type Refusal,
  type Will,
} from '@thingd/broker';
import {
  type Clock,
  type ConnectAttribute,
  iotArn,
  propagatedProperties,
  type Realm,
  realmKey,
  ServiceError,
} from '@thingd/core';
import { type ConnectedThing, ConnectionAuthorizer } from './connection-authorizer.ts';
import { denialSentence } from './denial-sentence.ts';
import type { Denials } from './denials.ts';
import type { DeviceCertificates } from './device-certificates.ts';
import type { Dependencies, Live, LiveConnections } from './live-connections.ts';
import {
  bindPermissions,
  type Circumstances,
  type ClientIdentity,
  type PermissionResolver,
  type Permissions,
  principalOf,
} from './permissions.ts';

export interface ClientAuthenticatorOptions {
  readonly devices: DeviceCertificates;
  readonly permissions: PermissionResolver;
  readonly live: LiveConnections;
  readonly denials: Denials;
  readonly clock: Clock;
  /** Whether a client is told why its CONNECT was denied; see the profile's limit of this name. */
  readonly explainDenials: boolean;
  /** Ends every connection made with a certificate. */
  readonly certificateDisabled: (certificate: { readonly realm: Realm; readonly certificateId: string }) => void;
  /** Told of the realm before a client enters it. */
  readonly entering: (realm: Realm) => void;
  /** Policies do not let a known client connect, or not publish its will. */
  readonly unauthorized?: (attempt: UnauthorizedAttempt) => void;
  /** Who comes without any credentials; undefined is nobody. */
  readonly anonymous: ClientIdentity | undefined;
}

export interface UnauthorizedAttempt {
  readonly realm: Realm;
  readonly clientId: string;
  readonly principal: string;
  readonly thing: ConnectedThing | undefined;
  readonly sourceIp: string;
}

const refuse = (reason: string): Refusal => ({
  admitted: false,
  reasonCode: ReasonCode.notAuthorized,
  reason,
});

export class ClientAuthenticator implements Authenticator {
  readonly #options: ClientAuthenticatorOptions;
  /** Connections admitted and perhaps not yet connected. */
  readonly #admitted = new WeakMap<Authorizer, { readonly live: LiveConnection; readonly resolvedAt: number }>();

  constructor(options: ClientAuthenticatorOptions) {
    this.#options = options;
  }

  async authenticate(connect: Connect, origin: Origin): Promise<Admission | Refusal> {
    const identity = await this.#identify(origin, connect.clientId);
    if (typeof identity === 'string') return refuse(identity);
    const { permissions, clock, live, devices, certificateDisabled } = this.#options;
    const resolvedAt = live.version;
    const { clientId } = connect;
    const resolved = await permissions.resolve(identity, clientId);
    const circumstances = circumstancesOf(connect, origin, identity);
    const bound = bindPermissions(identity, resolved, circumstances, clock);
    const authorizer = new ConnectionAuthorizer(identity.realm, bound, thingOf(resolved, clientId));
    const denied = (action: 'connect' | 'publish', name: string): Refusal =>
      this.#denied(identity, clientId, plainAddress(origin.remoteAddress), authorizer, action, name);
    if (!authorizer.connect(clientId)) return denied('connect', clientId);
    const { will } = connect;
    if (will !== undefined && !mayLeave(will, authorizer)) {
      return denied('publish', will.topic);
    }
    // Between a WebSocket's upgrade and its CONNECT there is nothing yet that the deletion of its access key could end.
    if (identity.kind === 'other' && identity.isValid !== undefined && !(await identity.isValid())) {
      return refuse('the access key is deleted');
    }
    const rebind = async (): Promise<Dependencies> => {
      // A certificate disabled while its CONNECT was being decided was not yet among the connections to end.
      if (identity.kind === 'certificate' && !(await devices.isActive(identity))) certificateDisabled(identity);
      const fresh = await permissions.resolve(identity, clientId);
      authorizer.rebind(bindPermissions(identity, fresh, circumstances, clock), thingOf(fresh, clientId));
      return fresh.dependencies;
    };
    const realm = realmKey(identity.realm);
    this.#options.entering(identity.realm);
    const connection = new LiveConnection(authorizer, realm, resolved.dependencies, rebind);
    this.#admitted.set(authorizer, { live: connection, resolvedAt });
    return { admitted: true, realm, principal: principalOf(identity), authorizer };
  }

  /** The broker has taken the connection: from here on changes reach it. */
  connected({ authorizer }: ConnectionInfo): void {
    const admitted = this.#admitted.get(authorizer);
    if (admitted !== undefined) this.#options.live.add(admitted.live, admitted.resolvedAt);
  }

  disconnected({ authorizer }: ConnectionInfo): void {
    const admitted = this.#admitted.get(authorizer);
    if (admitted !== undefined) this.#options.live.remove(admitted.live);
  }

  /** The broker has acted on a `false` of the connection's authorizer. */
  denied(connection: ConnectionInfo, action: 'publish' | 'subscribe' | 'receive', name: string): void {
    const { authorizer, clientId, principal, realm } = connection;
    if (!(authorizer instanceof ConnectionAuthorizer)) return;
    const request = authorizer.denied(action, name);
    const { denials } = this.#options;
    authorizer.explained(denials.record({ realm, principal, clientId, ...request }, () => authorizer.explain(request)));
  }

  /** Who it is, or why it may not be. A signed URL was checked at the upgrade and goes before a certificate. */
  async #identify(origin: Origin, clientId: string): Promise<ClientIdentity | string> {
    if (origin.identity !== undefined) return origin.identity as ClientIdentity;
    const { devices, anonymous } = this.#options;
    const { peerCertificate, serverName } = origin;
    if (peerCertificate === undefined) return anonymous ?? 'no credentials';
    const identity = await devices.identify(peerCertificate, serverName);
    if ('kind' in identity) return identity;
    try {
      await devices.registerOnConnect(peerCertificate, serverName, clientId);
      return identity.reason;
    } catch (error) {
      if (error instanceof ServiceError) return error.message;
      throw error;
    }
  }

  #denied(
    identity: ClientIdentity,
    clientId: string,
    sourceIp: string,
    authorizer: ConnectionAuthorizer,
    action: 'connect' | 'publish',
    name: string,
  ): Refusal {
    const request = authorizer.denied(action, name);
    const principal = principalOf(identity);
    this.#options.unauthorized?.({ realm: identity.realm, clientId, principal, thing: authorizer.thing, sourceIp });
    const explanation = this.#options.denials.record(
      { realm: realmKey(identity.realm), principal, clientId, ...request },
      () => authorizer.explain(request),
    );
    const reason = action === 'connect' ? 'not authorized to connect' : 'not authorized to publish the will';
    const isTold = this.#options.explainDenials && explanation !== undefined;
    return refuse(isTold ? `${reason}: ${denialSentence(explanation)}` : reason);
  }
}

function thingOf({ thing, thingType, isExclusive }: Permissions, clientId: string): ConnectedThing | undefined {
  if (!thing) return undefined;
  const propagated = thingType ? propagatedProperties(thingType, thing, clientId) : [];
  return { thingName: thing.thingName, isExclusive, userProperties: propagated.length > 0 ? propagated : undefined };
}

/** The broker publishes a will whoever may hear it: whether the client may is settled when it leaves it. */
const mayLeave = (will: Will, authorizer: ConnectionAuthorizer): boolean => authorizer.publish(will.topic, will.retain);

class LiveConnection implements Live {
  readonly authorizer: Authorizer;
  readonly realm: string;
  dependencies: Dependencies;
  readonly #rebind: () => Promise<Dependencies>;

  constructor(authorizer: Authorizer, realm: string, dependencies: Dependencies, rebind: () => Promise<Dependencies>) {
    this.authorizer = authorizer;
    this.realm = realm;
    this.dependencies = dependencies;
    this.#rebind = rebind;
  }

  async rebind(): Promise<void> {
    this.dependencies = await this.#rebind();
  }
}

function circumstancesOf(connect: Connect, origin: Origin, { realm }: ClientIdentity): Circumstances {
  const attributes: ConnectAttribute[] = [];
  if (isPersistent(connect)) attributes.push('PersistentConnect');
  if (connect.will !== undefined) attributes.push('LastWill');
  return {
    clientId: connect.clientId,
    sourceIp: plainAddress(origin.remoteAddress),
    domainName: origin.serverName,
    secureTransport: origin.secure,
    connectAttributes: attributes,
    lastWillTopic: connect.will && iotArn(realm, `topic/${connect.will.topic}`),
  };
}

/** AWS: connect policy examples, "PersistentConnect". */
const isPersistent = ({ protocolVersion, cleanStart, properties }: Connect): boolean =>
  protocolVersion === 5 ? (properties?.sessionExpiryInterval ?? 0) > 0 : !cleanStart;

/** An IPv4 address as IPv4, though the socket speaks both. */
export const plainAddress = (address: string): string =>
  address.startsWith('::ffff:') && address.includes('.') ? address.slice('::ffff:'.length) : address;
