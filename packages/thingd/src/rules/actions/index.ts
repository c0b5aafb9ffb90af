/** Every action that rules can have, by the API's name for it; a kind that is not here is refused when a rule names it. */
import type { RealmHandle } from '@thingd/broker';
import type { ActionRunners, Realm } from '@thingd/core';
import type { LocalFunctions } from '../functions/index.ts';
import { type AwsClients, awsActions } from './aws/index.ts';
import { type HttpActionOptions, http } from './http.ts';
import { type InfluxClient, influxDb } from './influxdb/index.ts';
import { type KafkaProducers, kafka } from './kafka/index.ts';
import { lambda } from './lambda.ts';
import { republish } from './republish.ts';
import { salesforce } from './salesforce.ts';

export interface ActionOptions extends HttpActionOptions {
  readonly open: (realm: Realm) => RealmHandle;
  readonly functions: LocalFunctions;
  readonly aws: AwsClients;
  readonly influxClient: InfluxClient;
  readonly kafkaProducers: KafkaProducers;
}

export const actionRunners = (options: ActionOptions): ActionRunners => ({
  ...awsActions(options.aws, options.clock),
  http: http(options),
  influxDB: influxDb({ ...options, client: options.influxClient }),
  kafka: kafka(options.kafkaProducers),
  lambda: lambda(options),
  republish: republish(options.open),
  salesforce: salesforce(),
});
