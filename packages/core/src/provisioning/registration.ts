/** Registers a device as a provisioning template has it: AWS's `RegisterThing`, and each line of a bulk registration. */
import { ServiceError } from '../errors.ts';
import { type Certificate, type CertificateStatus, certificateArn } from '../identity/certificate.ts';
import type { CertificateRegistration } from '../identity/certificate-registration.ts';
import type { Certificates } from '../identity/certificate-service.ts';
import type { PolicyAttachments } from '../policy/policy-attachments.ts';
import { type Policies, policyArn } from '../policy/policy-service.ts';
import type { Realm } from '../realm.ts';
import type { BillingGroups } from '../registry/billing-group-service.ts';
import type { ThingGroupMemberships } from '../registry/membership-service.ts';
import { thingArn } from '../registry/thing.ts';
import type { ThingGroups } from '../registry/thing-group-service.ts';
import type { ThingPrincipals } from '../registry/thing-principal-service.ts';
import type { Things } from '../registry/thing-service.ts';
import type { ThingTypes } from '../registry/thing-type-service.ts';
import { scopeOf } from './functions.ts';
import { type CertificateResource, conflict, type PolicyResource, type Resources, resourcesOf } from './resources.ts';
import type { Template } from './template.ts';
import { planThing, type ThingPlan } from './thing-plan.ts';

/** Whose use-cases a registration is made of. */
export interface RegistrationServices {
  readonly things: Things;
  readonly thingTypes: ThingTypes;
  readonly thingGroups: ThingGroups;
  readonly thingGroupMemberships: ThingGroupMemberships;
  readonly billingGroups: BillingGroups;
  readonly thingPrincipals: ThingPrincipals;
  readonly certificates: Certificates;
  readonly certificateRegistration: CertificateRegistration;
  readonly policies: Policies;
  readonly policyAttachments: PolicyAttachments;
}

export interface Registered {
  /** PEM; absent where the template declares no certificate. */
  readonly certificatePem: string | undefined;
  /** ARNs by the logical names of the template. */
  readonly resourceArns: Readonly<Record<string, string>>;
}

export class Registration {
  readonly #services: RegistrationServices;

  constructor(services: RegistrationServices) {
    this.#services = services;
  }

  /**
   * Everything that can be known to fail is found before anything is written; a failure after that leaves what was made before it,
   * as AWS does, and registering again goes on from there.
   *
   * Throws `InvalidRequestException` for a template or parameters that do not come to resources,
   * `ConflictingResourceUpdateException` where a resource exists and its override says `FAIL`,
   * `ResourceRegistrationFailureException` for what a resource refuses.
   */
  async register(
    realm: Realm,
    template: Template,
    parameters: Readonly<Record<string, string>> = {},
  ): Promise<Registered> {
    const resources = resourcesOf(template, scopeOf(template, parameters));
    const plan = await this.#plan(realm, resources);
    const { certificate, policies } = resources;
    const resourceArns: Record<string, string> = {};
    for (const policy of policies) {
      await of(policy.logicalName, () => this.#keepPolicy(realm, policy));
      resourceArns[policy.logicalName] = policyArn(realm, policy.policyName);
    }
    const kept = certificate && (await of(certificate.logicalName, () => this.#keepCertificate(realm, certificate)));
    const principal = kept && certificateArn(realm, kept.certificateId);
    if (certificate && principal !== undefined) {
      resourceArns[certificate.logicalName] = principal;
      for (const { logicalName, policyName } of policies) {
        await of(logicalName, () => this.#services.policyAttachments.attach(realm, policyName, principal));
      }
    }
    if (plan) {
      const { logicalName, thingName } = plan.resource;
      await of(logicalName, () => this.#keepThing(realm, plan));
      if (principal !== undefined) {
        const type = certificate?.thingPrincipalType;
        await of(logicalName, () => this.#services.thingPrincipals.attach(realm, thingName, principal, type));
      }
      resourceArns[logicalName] = thingArn(realm, thingName);
    }
    return { certificatePem: kept?.certificatePem, resourceArns };
  }

  /** Reads what is there, decides what to change, and finds what is missing. */
  async #plan(realm: Realm, { thing, certificate, policies }: Resources): Promise<ThingPlan | undefined> {
    const { things, thingTypes, thingGroups, thingGroupMemberships, billingGroups } = this.#services;
    for (const { logicalName, policyName, policyDocument } of policies) {
      if (policyDocument === undefined) await of(logicalName, () => this.#services.policies.get(realm, policyName));
    }
    if (certificate && 'certificateId' in certificate.source) {
      const { certificateId } = certificate.source;
      const present = await of(certificate.logicalName, () =>
        this.#services.certificates.describe(realm, certificateId),
      );
      nextStatus(certificate, present.status);
    }
    if (!thing) return undefined;
    const { thingName, thingTypeName, thingGroups: groups = [], billingGroup } = thing;
    return of(thing.logicalName, async () => {
      if (thingTypeName !== undefined) await thingTypes.describe(realm, thingTypeName);
      if (billingGroup !== undefined) await billingGroups.describe(realm, billingGroup);
      for (const name of groups) await thingGroups.describe(realm, name);
      const present = await found(things.describe(realm, thingName));
      if (!present) return planThing(thing, undefined);
      const { items } = await thingGroupMemberships.ofThing(realm, thingName, { maxResults: allGroups });
      const described = await Promise.all(items.map(name => thingGroups.describe(realm, name)));
      const staticGroups = described.filter(({ group }) => group.query === undefined);
      return planThing(thing, { ...present, thingGroups: staticGroups.map(({ group }) => group.thingGroupName) });
    });
  }

  async #keepPolicy(realm: Realm, { policyName, policyDocument }: PolicyResource): Promise<void> {
    if (policyDocument === undefined) return;
    try {
      await this.#services.policies.create(realm, { policyName, policyDocument });
    } catch (error) {
      // The name is the document's hash: what has it is that policy, made by an earlier registration.
      if (!isError(error, 'ResourceAlreadyExistsException')) throw error;
    }
  }

  async #keepCertificate(realm: Realm, resource: CertificateResource): Promise<Certificate> {
    const { certificates, certificateRegistration } = this.#services;
    const { source, status = 'ACTIVE' } = resource;
    if ('certificateSigningRequest' in source) {
      return certificates.createFromCsr(realm, { ...source, setAsActive: status === 'ACTIVE' });
    }
    if ('certificateId' in source) return this.#changeStatus(realm, resource, source.certificateId);
    try {
      return await certificateRegistration.register(realm, { ...source, status });
    } catch (error) {
      if (!isError(error, 'ResourceAlreadyExistsException')) throw error;
      return this.#changeStatus(realm, resource, error.details.resourceId as string);
    }
  }

  async #changeStatus(realm: Realm, resource: CertificateResource, certificateId: string): Promise<Certificate> {
    const { certificates } = this.#services;
    const present = await certificates.describe(realm, certificateId);
    const status = nextStatus(resource, present.status);
    if (status !== undefined) await certificates.update(realm, certificateId, status);
    return present;
  }

  async #keepThing(realm: Realm, plan: ThingPlan): Promise<void> {
    const { things, thingGroupMemberships, billingGroups } = this.#services;
    const { thingName, billingGroup } = plan.resource;
    if (plan.create) await things.create(realm, plan.create);
    if (plan.update) await things.update(realm, plan.update);
    if (plan.memberships) await thingGroupMemberships.change(realm, { thingName, ...plan.memberships });
    if (plan.joinsBillingGroup) await billingGroups.add(realm, thingName, billingGroup!);
  }
}

/** No thing is in more groups, whatever the limits. */
const allGroups = 100_000;

/**
 * The status a certificate that is there gets; undefined if it keeps its own. One that awaits its activation is no older resource
 * to be overridden: a template is what activates it (AWS: just-in-time provisioning).
 */
function nextStatus(
  { logicalName, status, statusOverride }: CertificateResource,
  present: CertificateStatus,
): CertificateStatus | undefined {
  if (present === 'PENDING_ACTIVATION') return status ?? 'ACTIVE';
  if (status === undefined || status === present || statusOverride === 'DO_NOTHING') return undefined;
  if (statusOverride === 'FAIL') throw conflict(logicalName, `the certificate is ${present}`);
  return status;
}

/** What a resource refuses is the registration's failure, and says which resource it was. */
async function of<T>(logicalName: string, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    if (!(error instanceof ServiceError) || error.name === 'ConflictingResourceUpdateException') throw error;
    throw new ServiceError('ResourceRegistrationFailureException', `resource \`${logicalName}\`: ${error.message}`);
  }
}

async function found<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (isError(error, 'ResourceNotFoundException')) return undefined;
    throw error;
  }
}

const isError = (error: unknown, name: ServiceError['name']): error is ServiceError =>
  error instanceof ServiceError && error.name === name;
