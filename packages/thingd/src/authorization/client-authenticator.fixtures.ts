/** An installation for tests of authorization: real services over tables in memory, and devices that ask to connect. */
import { X509Certificate } from 'node:crypto';
import type { Admission, Authorizer, Connect, ConnectionInfo, Origin, Refusal } from '@thingd/broker';
import {
  awsIndexingLimits,
  awsPolicyLimits,
  awsRegistryLimits,
  certificateArn,
  type JitRegistration,
  type Realm,
} from '@thingd/core';
import { ManualTimers, openDomain, realm } from '@thingd/core/testing';
import { createRootAuthority, DeviceCertificateSigner, KeyPool } from '../certificates/index.ts';
import { createLog } from '../observability/index.ts';
import { createServices } from '../server/services.ts';
import { ClientAuthenticator } from './client-authenticator.ts';
import { Denials } from './denials.ts';
import { DeviceCertificates } from './device-certificates.ts';
import { LiveConnections } from './live-connections.ts';
import { type ClientIdentity, PermissionResolver } from './permissions.ts';

export interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource: string;
  readonly Condition?: object;
}

export const allow = (Action: string | readonly string[], Resource = '*', Condition?: object): Statement => ({
  Effect: 'Allow',
  Action,
  Resource,
  ...(Condition && { Condition }),
});

export const documentOf = (...Statement: readonly Statement[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement });

export const connectOf = (clientId: string, more: Partial<Connect> = {}): Connect => ({
  type: 'connect',
  protocolVersion: 4,
  clientId,
  cleanStart: true,
  keepAlive: 60,
  username: undefined,
  password: undefined,
  will: undefined,
  properties: undefined,
  ...more,
});

export const originOf = (more: Partial<Origin> = {}): Origin => ({
  listener: 'mqtts',
  remoteAddress: '::ffff:192.0.2.7',
  remotePort: 50_000,
  localAddress: '192.0.2.1',
  localPort: 8883,
  secure: true,
  serverName: undefined,
  alpnProtocol: undefined,
  peerCertificate: undefined,
  identity: undefined,
  ...more,
});

export interface Device {
  readonly certificateId: string;
  readonly arn: string;
  readonly der: Buffer;
}

export type Installation = Awaited<ReturnType<typeof openInstallation>>;

export async function openInstallation(anonymous?: ClientIdentity) {
  const domain = await openDomain();
  const authority = await createRootAuthority(domain.clock.now());
  const keys = new KeyPool({ ready: 0 });
  const signer = new DeviceCertificateSigner(authority, keys, domain.clock);
  const services = createServices(domain, signer, {
    ...awsRegistryLimits,
    ...awsPolicyLimits,
    ...awsIndexingLimits,
  });
  const lines: Record<string, unknown>[] = [];
  const denials = new Denials(createLog('info', { write: line => lines.push(JSON.parse(line)) }), domain.clock);
  const disabled: string[] = [];
  const failures: unknown[] = [];
  const registrations: { readonly realm: Realm; readonly registration: JitRegistration }[] = [];
  const certificateDisabled = ({ certificateId }: { certificateId: string }) => disabled.push(certificateId);
  const lost: Authorizer[] = [];
  const timers = new ManualTimers();
  const live = new LiveConnections({
    changes: domain.changes,
    certificateDisabled,
    lost: authorizers => lost.push(...authorizers),
    failed: it => failures.push(it),
    timers,
  });
  const authenticator = new ClientAuthenticator({
    devices: new DeviceCertificates({
      certificates: services.certificates,
      registration: services.certificateRegistration,
      clock: domain.clock,
      defaultRealm: realm,
      registered: (where, registration) => registrations.push({ realm: where, registration }),
    }),
    permissions: new PermissionResolver(services.effectivePolicies, services.policies),
    live,
    denials,
    clock: domain.clock,
    certificateDisabled,
    explainDenials: false,
    entering: () => {},
    anonymous,
  });

  /** A certificate with, if there are statements, a policy of its own. */
  async function createDevice(...statements: readonly Statement[]): Promise<Device> {
    const { certificate } = await services.certificates.createWithKeys(realm, { setAsActive: true });
    const { certificateId, certificatePem } = certificate;
    const arn = certificateArn(realm, certificateId);
    if (statements.length > 0) await attachNewPolicy(certificateId.slice(0, 20), arn, ...statements);
    return { certificateId, arn, der: new X509Certificate(certificatePem).raw };
  }

  async function attachNewPolicy(policyName: string, target: string, ...statements: readonly Statement[]) {
    await services.policies.create(realm, { policyName, policyDocument: documentOf(...statements) });
    await services.policyAttachments.attach(realm, policyName, target);
  }

  /** Admitted and, as far as authorization is concerned, connected. */
  async function connect(device: Device, clientId: string): Promise<ConnectionInfo> {
    const admission = await authenticator.authenticate(connectOf(clientId), originOf({ peerCertificate: device.der }));
    const connection = connectionOf(admission, clientId);
    authenticator.connected(connection);
    return connection;
  }

  return {
    ...{ domain, services, authenticator, live, denials, lines, disabled, failures, registrations, lost, timers },
    ...{ createDevice, attachNewPolicy, connect },
  };
}

export function connectionOf(admission: Admission | Refusal, clientId: string): ConnectionInfo {
  if (!admission.admitted) throw new Error(`refused: ${admission.reason}`);
  const { realm: key, principal, authorizer } = admission;
  return {
    ...{ id: 1, realm: key, clientId, principal, authorizer, origin: originOf(), protocolVersion: 4 },
    ...{ cleanStart: true, keepAlive: 60, sessionExpiryInterval: 0, connectedAt: 0 },
  };
}
