/** What goes on in the registry by itself: dynamic groups follow their things, bulk registrations go through their files. */
import {
  type Domain,
  DynamicMemberships,
  type FleetQueries,
  type ObjectStorage,
  Registration,
  RegistrationRunner,
  type RegistrationServices,
  RegistrationTasks,
  type RegistryLimits,
} from '@thingd/core';

export interface RegistryWorkOptions {
  readonly domain: Domain;
  readonly services: RegistrationServices;
  readonly limits: RegistryLimits;
  readonly queries: FleetQueries;
  /** Resolves when the index has every change made before. */
  readonly indexed: () => Promise<void>;
  readonly storage: ObjectStorage;
  readonly failed: (error: unknown, where: string) => void;
}

export interface RegistryWork {
  readonly registration: Registration;
  readonly registrationTasks: RegistrationTasks;
  /** Finishes what is under way; the rest goes on at the next start. */
  close(): Promise<void>;
}

/** Takes up what an earlier process left. */
export async function startRegistryWork(options: RegistryWorkOptions): Promise<RegistryWork> {
  const { domain, services, limits, indexed, storage, failed } = options;
  const queries: FleetQueries = {
    ...options.queries,
    // A thing not indexed yet when its group is filled would be missed: it has been told of already.
    things: async (...question) => {
      await indexed();
      return options.queries.things(...question);
    },
  };
  const registration = new Registration(services);
  const runner = new RegistrationRunner(domain, registration, { storage, failed });
  const memberships = new DynamicMemberships(domain, { queries, limits, failed });
  await memberships.start();
  await runner.start();
  return {
    registration,
    registrationTasks: new RegistrationTasks(domain, runner),
    close: async () => {
      await Promise.all([runner.close(), memberships.close()]);
    },
  };
}
