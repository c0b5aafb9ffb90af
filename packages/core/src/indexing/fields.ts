/** A document's fields as a query names them, with their values. *AWS: Manage thing indexing, restrictions and limitations*. Pure. */
import { isJsonObject, isNumberText, type JsonValue } from '../shadow/json.ts';
import type { IndexDocument, ThingDocument, ThingGroupDocument } from './document.ts';
import { numberOf, storable } from './words.ts';

export interface FieldValue {
  readonly field: string;
  /** One of the field's values; an array has several. */
  readonly text: string;
  /** Where the value is a number. */
  readonly number: number | undefined;
}

export const fieldValuesOf = (document: IndexDocument): FieldValue[] =>
  document.kind === 'thing' ? valuesOfThing(document) : valuesOfGroup(document);

function valuesOfThing(thing: ThingDocument): FieldValue[] {
  const values: FieldValue[] = [];
  push(values, 'thingName', thing.thingName);
  push(values, 'thingId', thing.thingId);
  push(values, 'thingTypeName', thing.thingTypeName);
  // *AWS: Example thing queries*: `thingGroupNames:a` finds a billing group as well.
  push(values, 'thingGroupNames', [...thing.thingGroupNames, thing.billingGroupName ?? null].filter(isPresent));
  push(values, 'billingGroupName', thing.billingGroupName);
  push(values, 'registry.version', thing.version);
  pushAttributes(values, thing.attributes);
  push(values, 'shadow', thing.shadow as JsonValue | undefined);
  push(values, 'connectivity', thing.connectivity as JsonValue | undefined);
  push(values, 'deviceDefender', thing.deviceDefender);
  return values;
}

function valuesOfGroup(group: ThingGroupDocument): FieldValue[] {
  const values: FieldValue[] = [];
  push(values, 'thingGroupName', group.thingGroupName);
  push(values, 'thingGroupId', group.thingGroupId);
  push(values, 'description', group.thingGroupDescription);
  push(values, 'parentGroupNames', group.parentGroupNames);
  push(values, 'version', group.version);
  pushAttributes(values, group.attributes);
  return values;
}

/** An attribute is text, and a number as well where its text is one. */
function pushAttributes(values: FieldValue[], attributes: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(attributes)) {
    values.push({ field: `attributes.${name}`, text, number: numberOf(text) });
  }
}

/** Names of nested members are joined by periods. Null is not indexed, nor an array in which anything is more than a simple value. */
function push(values: FieldValue[], field: string, value: JsonValue | undefined): void {
  if (value === undefined || value === null) return;
  if (Array.isArray(value)) {
    if (!value.every(isSimple)) return;
    for (const item of value) push(values, field, item);
  } else if (isJsonObject(value)) {
    for (const [name, item] of Object.entries(value)) push(values, `${field}.${storable(name)}`, item);
  } else if (isNumberText(value)) {
    values.push({ field, text: value.rawJSON, number: numberOf(value.rawJSON) });
  } else if (typeof value === 'number') {
    values.push({ field, text: String(value), number: value });
  } else {
    values.push({ field, text: String(value), number: undefined });
  }
}

const isPresent = <T>(value: T | null): value is T => value !== null;

const isSimple = (value: JsonValue): boolean =>
  isNumberText(value) || (typeof value !== 'object' && value !== undefined);

const version = /^(?:registry\.version|version|shadow\.version|shadow\.name\..+\.version|deviceDefender\.version)$/;

/** *AWS: Managing fleet indexing*, "managed fields that are not searchable": versions are shown and aggregated, not searched. */
export const isSearchable = (field: string): boolean => !version.test(field) || isSectionField(field);

/** A shadow's own members may be called `version` too. */
const isSectionField = (field: string): boolean =>
  /^shadow\.(?:name\.[^.]+\.)?(?:desired|reported|delta|metadata)\./.test(field);

/** Whether a term without a field looks here. *AWS: Query syntax*: all registry, Device Shadow and Device Defender fields. */
export const isSearchedByBareTerms = (field: string): boolean =>
  isSearchable(field) && !field.startsWith('connectivity.');

/** Whether `field:*` finds `name`: the field itself, or one of its members. */
export const isFieldOrMember = (name: string, field: string): boolean =>
  name === field || (name.startsWith(field) && name[field.length] === '.');
