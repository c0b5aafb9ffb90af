/** Why a device may or may not: a decision as a connection would meet it now, with its reasons. */
import { X509Certificate } from 'node:crypto';
import {
  type Certificates,
  type Clock,
  certificateIdOfArn,
  type Explanation,
  iotArn,
  parseIotArn,
  type Realm,
  readCertificateFacts,
  ServiceError,
} from '@thingd/core';
import { bindPermissions, type ClientIdentity, type PermissionResolver } from '../authorization/index.ts';

export interface ExplainRequest {
  /** ARN or id of a certificate. */
  readonly certificate: string;
  readonly clientId?: string | undefined;
  readonly action: 'connect' | 'publish' | 'subscribe' | 'receive';
  /** A topic, or for `subscribe` a filter; not for `connect`. */
  readonly topic?: string | undefined;
  readonly retain?: boolean | undefined;
}

export interface ExplainAnswer {
  readonly allowed: boolean;
  /** One for each permission the action needs; a retained publish needs two. */
  readonly decisions: readonly Explanation[];
  /** The thing the connection would be taken for. */
  readonly thingName?: string;
  /** The policies that apply, by name. */
  readonly policies: readonly string[];
  /** Anything but `ACTIVE` keeps the certificate from connecting at all. */
  readonly certificateStatus: string;
}

export interface ExplainOptions {
  readonly certificates: Certificates;
  readonly permissions: PermissionResolver;
  readonly clock: Clock;
}

const actions = ['connect', 'publish', 'subscribe', 'receive'] as const;

const isAction = (action: unknown): action is ExplainRequest['action'] => actions.some(known => known === action);

/** Throws `ServiceError`: for a request that lacks something, or a certificate nobody knows. */
export async function explainRequest(
  options: ExplainOptions,
  realm: Realm,
  request: { readonly [Name in keyof ExplainRequest]?: unknown },
): Promise<ExplainAnswer> {
  const { certificate, clientId, action, topic, retain } = request;
  if (!isAction(action)) {
    throw new ServiceError('InvalidRequestException', `\`action\` expects ${actions.join(', ')}, not \`${action}\``);
  }
  const name = action === 'connect' ? clientId : topic;
  if (typeof name !== 'string' || typeof certificate !== 'string') {
    throw new ServiceError(
      'InvalidRequestException',
      action === 'connect' ? 'a certificate and a client id are needed' : 'a certificate and a topic are needed',
    );
  }
  const where = realmOf(realm, certificate);
  const found = await options.certificates.describe(where, certificateIdOfArn(where, certificate) ?? certificate);
  const facts = readCertificateFacts(new X509Certificate(found.certificatePem).raw);
  const identity: ClientIdentity = { kind: 'certificate', realm: where, certificateId: found.certificateId, facts };
  const client = typeof clientId === 'string' ? clientId : undefined;
  const permissions = await options.permissions.resolve(identity, client);
  const bound = bindPermissions(identity, permissions, { clientId: client, secureTransport: true }, options.clock);
  const decisions = questions(where, action, name, retain === true).map(({ action: asked, resource }) =>
    bound.explain(asked, resource),
  );
  const thingName = permissions.thing?.thingName;
  return {
    allowed: decisions.every(({ decision }) => decision === 'allowed') && found.status === 'ACTIVE',
    decisions,
    ...(thingName === undefined ? {} : { thingName }),
    policies: permissions.policies.map(policy => policy.name),
    certificateStatus: found.status,
  };
}

/** A certificate's ARN tells its region, which may be another of the caller's account. */
function realmOf(realm: Realm, certificate: string): Realm {
  const named = parseIotArn(certificate)?.realm;
  return named !== undefined && named.accountId === realm.accountId ? named : realm;
}

type Question = Pick<Explanation, 'action' | 'resource'>;

function questions(realm: Realm, action: ExplainRequest['action'], name: string, retain: boolean): Question[] {
  const topic = iotArn(realm, `topic/${name}`);
  switch (action) {
    case 'connect':
      return [{ action: 'iot:Connect', resource: iotArn(realm, `client/${name}`) }];
    case 'publish':
      return [
        { action: 'iot:Publish', resource: topic },
        ...(retain ? [{ action: 'iot:RetainPublish', resource: topic }] : []),
      ];
    case 'subscribe':
      return [{ action: 'iot:Subscribe', resource: iotArn(realm, `topicfilter/${name}`) }];
    case 'receive':
      return [{ action: 'iot:Receive', resource: topic }];
  }
}
