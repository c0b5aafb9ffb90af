/** What the rules' SQL may ask of the world: shadows and the registry here, functions, and services of AWS. */
import { randomUUID } from 'node:crypto';
import type { Clock, EvaluationContext, ExternalServices, Realm } from '@thingd/core';
import type { AwsClients } from '../actions/aws/index.ts';
import type { LocalFunctions } from '../functions/index.ts';
import { dynamodbItems } from './dynamodb.ts';
import { lambdaFunctions } from './lambda.ts';
import { type RegistryOptions, registryData } from './registry.ts';
import { descriptorSets } from './s3.ts';
import { secrets } from './secrets-manager.ts';

export interface ServicesOptions extends RegistryOptions {
  readonly clock: Clock;
  readonly functions: LocalFunctions;
  readonly aws: AwsClients;
  /** Aborted when the program stops. */
  readonly signal: AbortSignal;
}

/** The context of each realm's evaluations. What answers are kept is kept for all of them together. */
export function evaluationContext(options: ServicesOptions): (realm: Realm) => EvaluationContext {
  const { clock } = options;
  const servicesOf = externalServices(options);
  return realm => ({
    accountId: realm.accountId,
    clock,
    random: Math.random,
    uuid: randomUUID,
    services: servicesOf(realm),
  });
}

function externalServices(options: ServicesOptions): (realm: Realm) => ExternalServices {
  const registry = registryData(options);
  const functions = lambdaFunctions(options);
  const items = dynamodbItems(options);
  const secret = secrets(options);
  const descriptors = descriptorSets(options);
  return realm => ({
    ...registry(realm),
    ...functions(realm),
    ...items(realm),
    ...secret(realm),
    ...descriptors(realm),
    predict,
  });
}

/** Amazon Machine Learning has no successor that takes its calls. */
const predict = (): Promise<never> =>
  Promise.reject(
    new Error('AWS has retired Amazon Machine Learning, which it asks; `aws_lambda` can ask another model'),
  );
