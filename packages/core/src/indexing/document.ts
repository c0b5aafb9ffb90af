/**
 * What an index knows of one thing or one group: the document that a search shows, made of what the registry, the shadows and the
 * connections say.
 */
import type { Attributes } from '../registry/attributes.ts';
import type { JsonObject } from '../shadow/json.ts';
import type { Point } from './query/query.ts';

export type IndexDocument = ThingDocument | ThingGroupDocument;

export interface ThingDocument {
  readonly kind: 'thing';
  readonly thingName: string;
  readonly thingId: string;
  readonly thingTypeName?: string;
  /** The groups it is in, dynamic ones among them. */
  readonly thingGroupNames: readonly string[];
  readonly billingGroupName?: string;
  readonly attributes: Attributes;
  readonly version: number;
  /** The classic shadow's members, and under `name` those of named ones. */
  readonly shadow?: ShadowDocument & { readonly name?: Readonly<Record<string, ShadowDocument>> };
  readonly connectivity?: Connectivity;
  /** `violationCount`, and per security profile and behavior what it knows of violations. */
  readonly deviceDefender?: JsonObject;
  readonly places?: readonly Place[];
}

export interface ShadowDocument {
  readonly desired?: JsonObject;
  readonly reported?: JsonObject;
  readonly delta?: JsonObject;
  readonly metadata?: JsonObject;
  readonly hasDelta?: boolean;
  readonly version?: number;
}

/** *AWS: Lifecycle events*; of the connection whose client id is the thing's name. */
export interface Connectivity {
  readonly connected: boolean;
  /** When it connected or disconnected, in milliseconds since the epoch. */
  readonly timestamp?: number;
  readonly disconnectReason?: string;
  /** Rises with each connection of the client. */
  readonly version?: number;
}

/** A field that holds a place, as the configuration's `geoLocations` name it. */
export interface Place extends Point {
  readonly field: string;
}

export interface ThingGroupDocument {
  readonly kind: 'thingGroup';
  readonly thingGroupName: string;
  readonly thingGroupId: string;
  readonly thingGroupDescription?: string;
  readonly attributes: Attributes;
  /** From the root down. */
  readonly parentGroupNames: readonly string[];
  readonly version: number;
}

export const nameOf = (document: IndexDocument): string =>
  document.kind === 'thing' ? document.thingName : document.thingGroupName;
