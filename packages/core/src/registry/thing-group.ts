/**
 * A thing group: things held together. A static one has the things put into it and stands in a hierarchy along which policies are
 * inherited; a dynamic one has those that fit its query.
 */
import { ServiceError } from '../errors.ts';
import { iotArn, type Realm } from '../realm.ts';
import type { AttributePayload, Attributes } from './attributes.ts';
import type { DynamicQuery } from './dynamic-group.ts';

export interface ThingGroup {
  readonly thingGroupName: string;
  readonly thingGroupId: string;
  /** Fixed at creation. */
  readonly parentGroupName: string | undefined;
  readonly description: string | undefined;
  readonly attributes: Attributes;
  /** Of a dynamic group alone. */
  readonly query?: DynamicQuery | undefined;
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

/** Throws `InvalidRequestException` for a dynamic group: other operations create, change and delete it, and none fills it. */
export function checkStatic({ thingGroupName, query }: ThingGroup): void {
  if (query) throw new ServiceError('InvalidRequestException', `thing group \`${thingGroupName}\` is dynamic`);
}

/** The oldest first; those of one moment by name. */
export const byAge = (a: ThingGroup, b: ThingGroup): number =>
  a.createdAt - b.createdAt || (a.thingGroupName < b.thingGroupName ? -1 : 1);

export const thingGroupArn = (realm: Realm, thingGroupName: string): string =>
  iotArn(realm, `thinggroup/${thingGroupName}`);
