/**
 * The whole schema: every domain folder's migrations, in the order they are run: a table comes after those it refers to.
 * New ones are appended; those released never change and never move.
 */
import { eventConfigurationMigration } from '../events/event-configuration-store.ts';
import { presenceMigration } from '../events/presence-store.ts';
import { accessKeyMigration } from '../identity/access-key-store.ts';
import { caCertificateMigration } from '../identity/ca-certificate-store.ts';
import { certificateMigration } from '../identity/certificate-store.ts';
import { connectivityMigration, fadingMigration } from '../indexing/connectivity-store.ts';
import { fleetMetricMigration, fleetMetricScheduleMigration } from '../indexing/fleet-metric-store.ts';
import { searchMigration } from '../indexing/index-store.ts';
import { policyMigration } from '../policy/policy-store.ts';
import { registrationTaskMigration } from '../provisioning/registration-task-store.ts';
import { billingGroupMigration } from '../registry/billing-group-store.ts';
import { membershipMigration } from '../registry/membership-store.ts';
import { dynamicGroupMigration, thingGroupMigration } from '../registry/thing-group-store.ts';
import { thingPrincipalMigration } from '../registry/thing-principal-store.ts';
import { thingMigration } from '../registry/thing-store.ts';
import { thingTypeMigration } from '../registry/thing-type-store.ts';
import { destinationMigration, influxDbDestinationMigration } from '../rules/destination/destination-store.ts';
import { invocationMigration } from '../rules/engine/invocation-store.ts';
import { sinkMigration } from '../rules/sink/sink-store.ts';
import { topicRuleMigration } from '../rules/topic-rule-store.ts';
import { shadowMigration } from '../shadow/shadow-store.ts';
import { tagMigration } from '../tags/tag-store.ts';
import type { Migration } from './migrations.ts';

export const schema: readonly Migration[] = [
  thingTypeMigration,
  thingMigration,
  thingPrincipalMigration,
  thingGroupMigration,
  membershipMigration,
  tagMigration,
  caCertificateMigration,
  certificateMigration,
  policyMigration,
  shadowMigration,
  accessKeyMigration,
  eventConfigurationMigration,
  presenceMigration,
  billingGroupMigration,
  dynamicGroupMigration,
  searchMigration,
  connectivityMigration,
  registrationTaskMigration,
  topicRuleMigration,
  invocationMigration,
  destinationMigration,
  fleetMetricMigration,
  fleetMetricScheduleMigration,
  fadingMigration,
  influxDbDestinationMigration,
  sinkMigration,
];
