/** Which kinds of event the realm publishes. */
import { type EventConfigurations, eventTypes } from '@thingd/core';
import type { IotHandlers } from './operation.ts';

export interface EventServices {
  readonly eventConfigurations: EventConfigurations;
}

export const eventOperations = ({ eventConfigurations }: EventServices): IotHandlers => ({
  async UpdateEventConfigurations({ eventConfigurations: given = {} }, { realm }) {
    const enabled = Object.entries(given).map(([type, configuration]) => [type, configuration.Enabled ?? false]);
    await eventConfigurations.update(realm, Object.fromEntries(enabled));
  },

  async DescribeEventConfigurations(_input, { realm }) {
    const { enabled, createdAt, modifiedAt } = await eventConfigurations.describe(realm);
    return {
      eventConfigurations: Object.fromEntries(eventTypes.map(type => [type, { Enabled: enabled[type] }])),
      ...(createdAt !== undefined && { creationDate: new Date(createdAt) }),
      ...(modifiedAt !== undefined && { lastModifiedDate: new Date(modifiedAt) }),
    };
  },
});
