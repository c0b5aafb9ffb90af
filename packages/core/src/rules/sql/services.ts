/**
 * What the language asks of the world: who evaluates a rule supplies it. Documents come and go as JSON text, so that no number
 * loses a digit on its way.
 */
import type { Clock } from '../../clock.ts';

export interface EvaluationContext {
  readonly accountId: string;
  readonly clock: Clock;
  /** From 0 up to, but without, 1. */
  random(): number;
  /** A fresh UUID in lower case. */
  uuid(): string;
  readonly services: ExternalServices;
}

/** A key of a DynamoDB item: attribute name and value; the value is a number where `isNumber`. */
export interface KeyAttribute {
  readonly name: string;
  readonly value: string;
  readonly isNumber: boolean;
}

/** Exactly one of the two. */
export type Secret = { readonly secretString: string } | { readonly secretBinary: Uint8Array };

/** Any rejection fails the evaluation, unless `get_or_default` stands around the call. */
export interface ExternalServices {
  /** Invokes a function with JSON text and resolves to what it returned. */
  invokeLambda(functionArn: string, event: string): Promise<string>;
  /** The item as plain JSON text, or `undefined` if there is none. */
  getDynamodbItem(table: string, key: readonly KeyAttribute[], roleArn: string): Promise<string | undefined>;
  /** The answer of one of the registry's own operations. */
  getRegistryData(operation: RegistryOperation, thingName: string, roleArn: string): Promise<string>;
  /** The value of the version staged `AWSCURRENT`. */
  getSecret(secretId: string, roleArn: string): Promise<Secret>;
  /** A whole shadow document; `shadowName` is undefined for the classic one. */
  getThingShadow(thingName: string, shadowName: string | undefined, roleArn: string): Promise<string>;
  predict(modelId: string, roleArn: string, record: Readonly<Record<string, string>>): Promise<string>;
  /** A serialized `FileDescriptorSet`. */
  getDescriptorSet(bucket: string, key: string): Promise<Uint8Array>;
}

export const registryOperations = ['DescribeThing', 'ListThingGroupsForThing'] as const;
export type RegistryOperation = (typeof registryOperations)[number];
