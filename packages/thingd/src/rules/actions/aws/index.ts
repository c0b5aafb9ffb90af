/** The actions that call AWS's services, by the API's name for each. */
import type { ActionRunners, Clock } from '@thingd/core';
import type { AwsClients } from './aws-clients.ts';
import { cloudwatchAlarm, cloudwatchMetric } from './cloudwatch.ts';
import { cloudwatchLogs } from './cloudwatch-logs.ts';
import { dynamodb, dynamodbV2 } from './dynamodb.ts';
import { firehose } from './firehose.ts';
import { iotAnalytics, iotEvents } from './iot-messages.ts';
import { iotSiteWise } from './iot-sitewise.ts';
import { kinesis } from './kinesis.ts';
import { location } from './location.ts';
import { openSearch } from './open-search.ts';
import { s3 } from './s3.ts';
import { sns } from './sns.ts';
import { sqs } from './sqs.ts';
import { stepFunctions } from './step-functions.ts';
import { timestream } from './timestream.ts';

export { regionOfArn } from './arn.ts';
export { jsonOfAttributes } from './attribute-value.ts';
export { askAws } from './aws-call.ts';
export { AwsClients, type ClientSettings } from './aws-clients.ts';
export { failureOf, fetchFailure } from './aws-failure.ts';
export { cloudwatch } from './cloudwatch.ts';
export { dynamodbService } from './dynamodb.ts';
export { invokeFunction, lambdaService } from './lambda.ts';
export { s3Service } from './s3.ts';
export { readSecret, readSecretText } from './secret.ts';

export const awsActions = (clients: AwsClients, clock: Clock): ActionRunners => ({
  cloudwatchAlarm: cloudwatchAlarm(clients),
  cloudwatchLogs: cloudwatchLogs(clients, clock),
  cloudwatchMetric: cloudwatchMetric(clients),
  dynamoDB: dynamodb(clients),
  dynamoDBv2: dynamodbV2(clients),
  elasticsearch: openSearch(clients, clock, 'ElasticsearchAction'),
  firehose: firehose(clients),
  iotAnalytics: iotAnalytics(clients),
  iotEvents: iotEvents(clients),
  iotSiteWise: iotSiteWise(clients),
  kinesis: kinesis(clients),
  location: location(clients, clock),
  openSearch: openSearch(clients, clock, 'OpenSearchAction'),
  s3: s3(clients),
  sns: sns(clients),
  sqs: sqs(clients),
  stepFunctions: stepFunctions(clients),
  timestream: timestream(clients, clock),
});
