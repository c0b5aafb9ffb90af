/** Destinations of rules' actions. */
import { type Destination, type Destinations, type DestinationTarget, ServiceError } from '@thingd/core';
import type { IotInput } from '../generated/iot.ts';
import type { IotHandlers } from './operation.ts';

export interface RuleDestinationServices {
  readonly ruleDestinations: Destinations;
}

export const ruleDestinationOperations = ({ ruleDestinations }: RuleDestinationServices): IotHandlers => ({
  async CreateTopicRuleDestination({ destinationConfiguration }, { realm }) {
    const destination = await ruleDestinations.create(realm, targetOf(destinationConfiguration));
    return { topicRuleDestination: describe(destination) };
  },

  async GetTopicRuleDestination({ arn }, { realm }) {
    return { topicRuleDestination: describe(await ruleDestinations.get(realm, arn)) };
  },

  async ListTopicRuleDestinations(input, { realm }) {
    const { items, nextToken } = await ruleDestinations.list(realm, input);
    const destinationSummaries = items.map(destination => {
      const { httpUrlProperties, influxDBProperties, ...summary } = describe(destination);
      return { ...summary, httpUrlSummary: httpUrlProperties, influxDBSummary: influxDBProperties };
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

type Configuration = IotInput<'CreateTopicRuleDestination'>['destinationConfiguration'];

/** Throws `NotImplementedException`, `InvalidRequestException`. */
function targetOf({ httpUrlConfiguration, vpcConfiguration, influxDBConfiguration }: Configuration): DestinationTarget {
  if (vpcConfiguration !== undefined) {
    const message =
      'VPC destinations are not implemented: rules reach every host that thingd reaches, and the action `kafka` takes any ARN as its `destinationArn`';
    throw new ServiceError('NotImplementedException', message);
  }
  if (influxDBConfiguration !== undefined) return { kind: 'influxdb', ...influxDBConfiguration };
  if (httpUrlConfiguration !== undefined) return { kind: 'http', ...httpUrlConfiguration };
  throw new ServiceError('InvalidRequestException', '`destinationConfiguration` has no member');
}

function describe({ arn, target, status, statusReason, createdAt, lastUpdatedAt }: Destination) {
  return {
    arn,
    status,
    createdAt: new Date(createdAt),
    lastUpdatedAt: new Date(lastUpdatedAt),
    statusReason,
    ...propertiesOf(target),
  };
}

function propertiesOf(target: DestinationTarget) {
  if (target.kind === 'http') return { httpUrlProperties: { confirmationUrl: target.confirmationUrl } };
  const { kind: _, ...influxDBProperties } = target;
  return { influxDBProperties };
}
