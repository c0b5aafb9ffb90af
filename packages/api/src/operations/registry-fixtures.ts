/** The registry's and the policies' API for tests: real services on a store in memory, asked through AWS's own SDK. */
import { IoTClient } from '@aws-sdk/client-iot';
import {
  BillingGroups,
  DynamicThingGroups,
  EffectivePolicies,
  Policies,
  PolicyAttachments,
  PolicySimulation,
  Tags,
  ThingGroupMemberships,
  ThingGroups,
  ThingPrincipals,
  Things,
  ThingTypes,
} from '@thingd/core';
import { type ManualClock, openDomain } from '@thingd/core/testing';
import { startTestServer, testAccessKeys, testKey } from '../fixtures/server.ts';
import { billingGroupOperations } from './billing-groups.ts';
import { endpointOperations } from './endpoint.ts';
import { policyOperations } from './policies.ts';
import { tagOperations } from './tags.ts';
import { thingGroupOperations } from './thing-groups.ts';
import { thingTypeOperations } from './thing-types.ts';
import { thingOperations } from './things.ts';

export interface RegistryUnderTest {
  readonly iot: IoTClient;
  readonly clock: ManualClock;
  close(): Promise<void>;
}

/** ARN of a resource of the test's account and region. */
export const arn = (resource: string): string => `arn:aws:iot:us-east-1:123456789012:${resource}`;

export const certificate = arn(`cert/${'1'.repeat(64)}`);

export async function startRegistry(): Promise<RegistryUnderTest> {
  const domain = await openDomain();
  const directory = {
    exists: async (_: unknown, principal: string) => principal === certificate,
    claim: async () => [],
  };
  const policySimulation = new PolicySimulation(domain, directory, new EffectivePolicies(domain));
  const queries = { check: async () => {}, things: async () => [], fits: async () => [] };
  const endpoints = { address: (_: unknown, type: string) => `${type.replace(':', '-')}.localhost:8443` };
  const server = await startTestServer(
    {
      iot: {
        ...endpointOperations({ endpoints }),
        ...thingOperations({ things: new Things(domain), thingPrincipals: new ThingPrincipals(domain, directory) }),
        ...thingTypeOperations({ thingTypes: new ThingTypes(domain) }),
        ...thingGroupOperations({
          thingGroups: new ThingGroups(domain),
          dynamicThingGroups: new DynamicThingGroups(domain, queries),
          thingGroupMemberships: new ThingGroupMemberships(domain),
        }),
        ...billingGroupOperations({ billingGroups: new BillingGroups(domain) }),
        ...tagOperations({ tags: new Tags(domain) }),
        ...policyOperations({
          policies: new Policies(domain),
          policyAttachments: new PolicyAttachments(domain, directory),
          policySimulation,
        }),
      },
    },
    { accessKeys: testAccessKeys() },
  );
  const iot = new IoTClient({ endpoint: server.url, region: 'us-east-1', credentials: testKey, maxAttempts: 1 });
  return {
    iot,
    clock: domain.clock,
    close: async () => {
      iot.destroy();
      await server.close();
    },
  };
}
