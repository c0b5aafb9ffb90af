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
  fleetQueries,
  type IndexingLimits,
  Policies,
  PolicyAttachments,
  type PolicyLimits,
  PolicySimulation,
  principalAttachments,
  type RegistryLimits,
  Tags,
  ThingGroupMemberships,
  ThingGroups,
  ThingPrincipals,
  Things,
  ThingTypes,
} from '@thingd/core';

export type Services = ReturnType<typeof createServices>;

export function createServices(
  domain: Domain,
  signer: CertificateSigner,
  limits: RegistryLimits & PolicyLimits & IndexingLimits,
) {
  const attachments = principalAttachments(domain.store);
  const certificates = new Certificates(domain, signer, attachments);
  const effectivePolicies = new EffectivePolicies(domain);
  const queries = fleetQueries(domain, limits);
  return {
    accessKeys: new AccessKeys(domain),
    certificates,
    certificateRegistration: new CertificateRegistration(domain),
    certificateTransfers: new CertificateTransfers(domain, attachments),
    caCertificates: new CaCertificates(domain, limits),
    effectivePolicies,
    eventConfigurations: new EventConfigurations(domain),
    policies: new Policies(domain, limits),
    policyAttachments: new PolicyAttachments(domain, certificates, limits),
    policySimulation: new PolicySimulation(domain, certificates, effectivePolicies),
    tags: new Tags(domain, limits),
    things: new Things(domain, limits),
    thingTypes: new ThingTypes(domain, limits),
    thingGroups: new ThingGroups(domain, limits),
    billingGroups: new BillingGroups(domain, limits),
    dynamicThingGroups: new DynamicThingGroups(domain, queries, limits),
    fleetQueries: queries,
    thingGroupMemberships: new ThingGroupMemberships(domain, limits),
    thingPrincipals: new ThingPrincipals(domain, certificates),
  };
}
