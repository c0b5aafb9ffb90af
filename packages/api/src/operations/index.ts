/** Every handler there is, merged from the areas: what is not here answers 501 by its name. */
import { type BillingGroupServices, billingGroupOperations } from './billing-groups.ts';
import { type CaCertificateServices, caCertificateOperations } from './ca-certificates.ts';
import { type CertificateTransferServices, certificateTransferOperations } from './certificate-transfers.ts';
import { type CertificateServices, certificateOperations } from './certificates.ts';
import { type ConnectionServices, connectionOperations } from './connections.ts';
import { type EndpointServices, endpointOperations } from './endpoint.ts';
import { type EventServices, eventOperations } from './events.ts';
import { type FleetMetricServices, fleetMetricOperations } from './fleet-metrics.ts';
import { type IndexingServices, indexingOperations } from './indexing.ts';
import { type MessageServices, messageOperations } from './messages.ts';
import type { Handlers } from './operation.ts';
import { type PolicyServices, policyOperations } from './policies.ts';
import { type RegistrationServices, registrationOperations } from './registration.ts';
import { type RuleDestinationServices, ruleDestinationOperations } from './rule-destinations.ts';
import { type RuleServices, ruleOperations } from './rules.ts';
import { type ShadowServices, shadowOperations } from './shadows.ts';
import { type TagServices, tagOperations } from './tags.ts';
import { type ThingGroupServices, thingGroupOperations } from './thing-groups.ts';
import { type ThingTypeServices, thingTypeOperations } from './thing-types.ts';
import { type ThingServices, thingOperations } from './things.ts';

/** What the handlers call; each area names the services it needs. */
export type OperationServices = BillingGroupServices &
  CaCertificateServices &
  CertificateServices &
  CertificateTransferServices &
  ConnectionServices &
  EndpointServices &
  EventServices &
  FleetMetricServices &
  IndexingServices &
  MessageServices &
  PolicyServices &
  RuleDestinationServices &
  RuleServices &
  RegistrationServices &
  ShadowServices &
  TagServices &
  ThingGroupServices &
  ThingServices &
  ThingTypeServices;

export const operations = (services: OperationServices): Handlers => ({
  iot: {
    ...billingGroupOperations(services),
    ...caCertificateOperations(services),
    ...certificateOperations(services),
    ...certificateTransferOperations(services),
    ...endpointOperations(services),
    ...eventOperations(services),
    ...fleetMetricOperations(services),
    ...indexingOperations(services),
    ...policyOperations(services),
    ...ruleDestinationOperations(services),
    ...ruleOperations(services),
    ...registrationOperations(services),
    ...tagOperations(services),
    ...thingGroupOperations(services),
    ...thingOperations(services),
    ...thingTypeOperations(services),
  },
  iotdata: {
    ...connectionOperations(services),
    ...messageOperations(services),
    ...shadowOperations(services),
  },
  jobsdata: {},
});
