/** Destinations of rules' HTTP actions. */
import { type Destination, type Destinations, ServiceError } from '@thingd/core';
import type { IotHandlers } from './operation.ts';

export interface RuleDestinationServices {
  readonly ruleDestinations: Destinations;
}

export const ruleDestinationOperations = ({ ruleDestinations }: RuleDestinationServices): IotHandlers => ({
  async CreateTopicRuleDestination({ destinationConfiguration }, { realm }) {
    const { httpUrlConfiguration, vpcConfiguration, influxDBConfiguration } = destinationConfiguration;
    if (vpcConfiguration !== undefined) {
      const message =
        'VPC destinations are not implemented: rules reach every host that thingd reaches, and an action that wants a `destinationArn` takes any ARN';
      throw new ServiceError('NotImplementedException', message);
    }
    if (influxDBConfiguration !== undefined) {
      throw new ServiceError('NotImplementedException', 'InfluxDB destinations are not implemented');
    }
    if (httpUrlConfiguration === undefined) {
      throw new ServiceError('InvalidRequestException', '`destinationConfiguration` has no `httpUrlConfiguration`');
    }
    const destination = await ruleDestinations.create(realm, httpUrlConfiguration.confirmationUrl);
    return { topicRuleDestination: describe(destination) };
  },

  async GetTopicRuleDestination({ arn }, { realm }) {
    return { topicRuleDestination: describe(await ruleDestinations.get(realm, arn)) };
  },

  async ListTopicRuleDestinations(input, { realm }) {
    const { items, nextToken } = await ruleDestinations.list(realm, input);
    const destinationSummaries = items.map(destination => {
      const { httpUrlProperties: httpUrlSummary, ...summary } = describe(destination);
      return { ...summary, httpUrlSummary };
    });
    return { destinationSummaries, nextToken };
  },

  async UpdateTopicRuleDestination({ arn, status }, { realm }) {
    await ruleDestinations.update(realm, arn, status);
  },

  async DeleteTopicRuleDestination({ arn }, { realm }) {
    await ruleDestinations.delete(realm, arn);
  },

  async ConfirmTopicRuleDestination({ confirmationToken }) {
    await ruleDestinations.confirm(confirmationToken);
  },
});

const describe = ({ arn, status, statusReason, createdAt, lastUpdatedAt, confirmationUrl }: Destination) => ({
  arn,
  status,
  createdAt: new Date(createdAt),
  lastUpdatedAt: new Date(lastUpdatedAt),
  statusReason,
  httpUrlProperties: { confirmationUrl },
});
