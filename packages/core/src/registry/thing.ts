/** A thing: the registry's record of one device. */
import { iotArn, type Realm } from '../realm.ts';
import type { Attributes } from './attributes.ts';

export interface Thing {
  readonly thingName: string;
  /** A UUID given at creation; another thing of the same name has another. */
  readonly thingId: string;
  readonly thingTypeName: string | undefined;
  readonly attributes: Attributes;
  readonly billingGroupName: string | undefined;
  /** 1 at creation, one more with each update. */
  readonly version: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

export const thingArn = (realm: Realm, thingName: string): string => iotArn(realm, `thing/${thingName}`);
