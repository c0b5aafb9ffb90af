/** A static thing group: things held together, in a hierarchy along which policies are inherited. */
import { iotArn, type Realm } from '../realm.ts';
import type { AttributePayload, Attributes } from './attributes.ts';

export interface ThingGroup {
  readonly thingGroupName: string;
  readonly thingGroupId: string;
  /** Fixed at creation. */
  readonly parentGroupName: string | undefined;
  readonly description: string | undefined;
  readonly attributes: Attributes;
  /** 1 at creation, one more with each update. */
  readonly version: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

/** As AWS's `ThingGroupProperties`. */
export interface ThingGroupProperties {
  readonly thingGroupDescription?: string | undefined;
  readonly attributePayload?: AttributePayload | undefined;
}

export const thingGroupArn = (realm: Realm, thingGroupName: string): string =>
  iotArn(realm, `thinggroup/${thingGroupName}`);
