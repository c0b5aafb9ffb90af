/** The domain's services, fitted together over one store. */
import {
  AccessKeys,
  BillingGroups,
  CaCertificates,
  CertificateRegistration,
  type CertificateSigner,
  Certificates,
  CertificateTransfers,
  type Domain,
  DynamicThingGroups,
  EffectivePolicies,
  EventConfigurations,
  fleetMetricExists,
  fleetQueries,
  type IndexingLimits,
  Policies,
  PolicyAttachments,
  type PolicyLimits,
  PolicySimulation,
  principalAttachments,
  type Realm,
  type RegistryLimits,
  ServiceError,
  type TaggableResources,
  Tags,
  ThingGroupMemberships,
  ThingGroups,
  ThingPrincipals,
  Things,
  ThingTypes,
  topicRuleExists,
} from '@thingd/core';

export type Services = ReturnType<typeof createServices>;

export function createServices(
  domain: Domain,
  signer: CertificateSigner,
  limits: RegistryLimits & PolicyLimits & IndexingLimits,
) {
  const attachments = principalAttachments(domain.store);
  const certificates = new Certificates(domain, signer, attachments);
  const caCertificates = new CaCertificates(domain, limits);
  const effectivePolicies = new EffectivePolicies(domain);
  const policies = new Policies(domain, limits);
  const billingGroups = new BillingGroups(domain, limits);
  const queries = fleetQueries(domain, limits);
  const thingGroups = new ThingGroups(domain, limits);
  const thingTypes = new ThingTypes(domain, limits);
  const taggable: TaggableResources = {
    thingtype: (realm, name) => exists(() => thingTypes.describe(realm, name)),
    billinggroup: (realm, name) => exists(() => billingGroups.describe(realm, name)),
    thinggroup: (realm, name) => exists(() => thingGroups.describe(realm, name)),
    policy: (realm, name) => exists(() => policies.get(realm, name)),
    fleetmetric: (realm, name) => fleetMetricExists(domain, realm, name),
    rule: (realm, name) => topicRuleExists(domain.store, realm, name),
    cacert: (realm: Realm, name) => exists(() => caCertificates.describe(realm, name)),
  };
  return {
    accessKeys: new AccessKeys(domain),
    certificates,
    certificateRegistration: new CertificateRegistration(domain),
    certificateTransfers: new CertificateTransfers(domain, attachments),
    caCertificates,
    effectivePolicies,
    eventConfigurations: new EventConfigurations(domain),
    policies,
    policyAttachments: new PolicyAttachments(domain, certificates, limits),
    policySimulation: new PolicySimulation(domain, certificates, effectivePolicies),
    tags: new Tags(domain, taggable, limits),
    things: new Things(domain, limits),
    thingTypes,
    thingGroups,
    billingGroups,
    dynamicThingGroups: new DynamicThingGroups(domain, queries, limits),
    fleetQueries: queries,
    thingGroupMemberships: new ThingGroupMemberships(domain, limits),
    thingPrincipals: new ThingPrincipals(domain, certificates),
  };
}

async function exists(describe: () => Promise<unknown>): Promise<boolean> {
  try {
    await describe();
    return true;
  } catch (error) {
    if (error instanceof ServiceError && error.name === 'ResourceNotFoundException') return false;
    throw error;
  }
}
