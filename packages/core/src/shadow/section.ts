/**
 * One section of a shadow, `desired` or `reported`: how a patch merges into it, what its metadata becomes, and how two sections differ.
 * Pure: every function returns new values and leaves its arguments as they were. (AWS: device-shadow-document.)
 */
import { isJsonObject, type JsonObject, type JsonValue, jsonEquals, member, setMember } from './json.ts';

/** When a leaf was last written, in epoch seconds. */
export interface Stamp {
  readonly timestamp: number;
}

/** Mirrors a section: a stamp for each leaf, arrays stamped per element. */
export type Metadata = { readonly [key: string]: MetadataNode };
export type MetadataNode = Stamp | Metadata | readonly MetadataNode[];

export interface Section {
  readonly state: JsonObject;
  readonly metadata: Metadata;
}

export const emptySection: Section = { state: {}, metadata: {} };

/** Merges a patch: objects deeply, `null` deletes, everything else replaces whole and is stamped with `time` (epoch seconds). */
export function mergeSection(old: Section, patch: JsonObject, time: number): Section {
  const state: Record<string, JsonValue> = { ...old.state };
  const metadata: Record<string, MetadataNode> = { ...old.metadata };
  for (const key of Object.keys(patch)) {
    const value = patch[key] as JsonValue;
    if (value === null) {
      delete state[key];
      delete metadata[key];
    } else if (isJsonObject(value)) {
      const merged = mergeSection(subsection(old, key), value, time);
      setMember(state, key, merged.state);
      setMember(metadata, key, merged.metadata);
    } else {
      setMember(state, key, value);
      setMember(metadata, key, stampOf(value, time));
    }
  }
  return { state, metadata };
}

/** The object at `key`, or an empty one where there is none or a scalar stands: a patch then replaces it, without its nulls. */
function subsection(section: Section, key: string): Section {
  const state = member(section.state, key);
  return isJsonObject(state) ? { state, metadata: (member(section.metadata, key) ?? {}) as Metadata } : emptySection;
}

function stampOf(value: JsonValue, time: number): MetadataNode {
  if (Array.isArray(value)) return value.map((item: JsonValue) => stampOf(item, time));
  if (isJsonObject(value)) return stampsOf(value, time);
  return { timestamp: time };
}

/** Metadata of a patch as its answer shows it: stamps for what was given, nothing for what was deleted. */
export function stampsOf(patch: JsonObject, time: number): Metadata {
  const metadata: Record<string, MetadataNode> = {};
  for (const key of Object.keys(patch)) {
    const value = patch[key] as JsonValue;
    if (value !== null) setMember(metadata, key, stampOf(value, time));
  }
  return metadata;
}

/** Every desired leaf that reported lacks or has otherwise, with desired's metadata; undefined where there is no difference. */
export function deltaOf(desired: Section, reported: JsonObject): Section | undefined {
  const state: Record<string, JsonValue> = {};
  const metadata: Record<string, MetadataNode> = {};
  for (const key of Object.keys(desired.state)) {
    const wanted = desired.state[key] as JsonValue;
    const actual = member(reported, key);
    if (isJsonObject(wanted) && isJsonObject(actual)) {
      const inner = deltaOf(subsection(desired, key), actual);
      if (inner === undefined) continue;
      setMember(state, key, inner.state);
      setMember(metadata, key, inner.metadata);
    } else if (actual === undefined || !jsonEquals(wanted, actual)) {
      setMember(state, key, wanted);
      setMember(metadata, key, member(desired.metadata, key) ?? {});
    }
  }
  return Object.keys(state).length === 0 ? undefined : { state, metadata };
}
