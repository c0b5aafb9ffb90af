/**
 * A shadow and what an update makes of it: the new document, the answer, the delta and the before-and-after. Pure; who stores and who
 * publishes is elsewhere. (AWS: device-shadow-document, using-device-shadows.)
 *
 * Documents leave as JSON text. A shadow carries the text of its sections, so each is written as JSON once, when it changes, and is
 * from then on only copied: into the store, into `update/documents`, into the answer to a get.
 */
import type { JsonObject, JsonValue } from './json.ts';
import type { ShadowLimits } from './limits.ts';
import { rejection, type ShadowRejection, type ShadowUpdate } from './request.ts';
import { deltaOf, emptySection, mergeSection, type Section, stampsOf } from './section.ts';

export interface Shadow {
  readonly version: number;
  /** A section without members is not shown; it is kept as the empty section. */
  readonly desired: Section;
  readonly reported: Section;
  readonly text: ShadowText;
}

/** The sections as JSON. */
export interface ShadowText {
  readonly desired: string;
  readonly reported: string;
  readonly desiredMetadata: string;
  readonly reportedMetadata: string;
}

export interface UpdateOutcome {
  readonly shadow: Shadow;
  /** Payload of `update/accepted`, and the HTTPS answer. */
  readonly accepted: string;
  /** Payload of `update/documents`. */
  readonly documents: string;
  /** Payload of `update/delta`, where desired and reported still differ. */
  readonly delta: string | undefined;
  /** `state` of the request, as JSON. */
  readonly change: string;
}

/** A shadow before its first update. `version` is that of a deleted predecessor, which the count goes on from. */
export const newShadow = (version = 0): Shadow => ({
  version,
  desired: emptySection,
  reported: emptySection,
  text: { desired: '{}', reported: '{}', desiredMetadata: '{}', reportedMetadata: '{}' },
});

/**
 * Applies an update. `previous` is undefined where no shadow exists; `lastVersion` is the version it had when it was deleted, or 0.
 * `time` is epoch seconds.
 */
export function applyUpdate(
  previous: Shadow | undefined,
  lastVersion: number,
  update: ShadowUpdate,
  time: number,
  limits: ShadowLimits,
): UpdateOutcome | ShadowRejection {
  const { clientToken } = update;
  const before = previous ?? newShadow(lastVersion);
  if (update.version !== undefined && update.version !== before.version)
    return rejection(409, 'Version conflict', clientToken);
  const shadow = nextShadow(before, update, time);
  if (Buffer.byteLength(shadow.text.desired) + Buffer.byteLength(shadow.text.reported) > limits.maxShadowBytes)
    return rejection(413, 'The payload exceeds the maximum size allowed', clientToken);

  const { version } = shadow;
  const end = `"timestamp":${time}${tokenMember(clientToken)}}`;
  const change = stateText(update);
  const delta = deltaOf(shadow.desired, shadow.reported.state);
  return {
    shadow,
    accepted: `{"state":${change},"metadata":${stampsText(update, time)},"version":${version},${end}`,
    // A new shadow's documents have no previous one. (AWS SDKs accept absent and null)
    documents: `{${previous === undefined ? '' : `"previous":${versionedText(previous)},`}"current":${versionedText(shadow)},${end}`,
    delta:
      delta &&
      `{"version":${version},"timestamp":${time},"state":${JSON.stringify(delta.state)},` +
        `"metadata":${JSON.stringify(delta.metadata)}${tokenMember(clientToken)}}`,
    change,
  };
}

function nextShadow(before: Shadow, update: ShadowUpdate, time: number): Shadow {
  const desired = nextSection(before.desired, update.clear ? null : update.desired, time);
  const reported = nextSection(before.reported, update.clear ? null : update.reported, time);
  const sameDesired = desired === before.desired;
  const sameReported = reported === before.reported;
  const text = {
    desired: sameDesired ? before.text.desired : JSON.stringify(desired.state),
    reported: sameReported ? before.text.reported : JSON.stringify(reported.state),
    desiredMetadata: sameDesired ? before.text.desiredMetadata : JSON.stringify(desired.metadata),
    reportedMetadata: sameReported ? before.text.reportedMetadata : JSON.stringify(reported.metadata),
  };
  return { version: before.version + 1, desired, reported, text };
}

const nextSection = (old: Section, patch: JsonObject | null | undefined, time: number): Section =>
  patch === undefined ? old : patch === null ? emptySection : mergeSection(old, patch, time);

/** Payload of `get/accepted`, and the HTTPS answer: the document with its delta. `time` is epoch seconds. */
export function getDocument(shadow: Shadow, time: number, clientToken: string | undefined): string {
  const { desired, reported, text, version } = shadow;
  const delta = deltaOf(desired, reported.state);
  const state = membersText(
    shown(text.desired),
    shown(text.reported),
    delta === undefined ? undefined : JSON.stringify(delta.state),
  );
  return `{"state":${state},"metadata":${metadataText(text)},"version":${version},"timestamp":${time}${tokenMember(clientToken)}}`;
}

/** Payload of `delete/accepted`, and the HTTPS answer. `time` is epoch seconds. */
export const deletedDocument = (version: number, time: number, clientToken: string | undefined): string =>
  `{"version":${version},"timestamp":${time}${tokenMember(clientToken)}}`;

const versionedText = ({ text, version }: Shadow): string =>
  `{"state":${membersText(shown(text.desired), shown(text.reported))},"metadata":${metadataText(text)},"version":${version}}`;

/** A section without members is left out, and its metadata with it. */
const shown = (section: string): string | undefined => (section === '{}' ? undefined : section);

const metadataText = ({ desired, reported, desiredMetadata, reportedMetadata }: ShadowText): string =>
  membersText(desired === '{}' ? undefined : desiredMetadata, reported === '{}' ? undefined : reportedMetadata);

/** Echoes what was sent. */
const stateText = ({ clear, desired, reported }: ShadowUpdate): string =>
  clear ? 'null' : membersText(jsonOf(desired), jsonOf(reported));

const jsonOf = (value: JsonValue | undefined): string | undefined =>
  value === undefined ? undefined : JSON.stringify(value);

/** Stamps of what was sent; of a whole cleared state, the time alone. (observed) */
function stampsText({ clear, desired, reported }: ShadowUpdate, time: number): string {
  if (clear) return `{"timestamp":${time}}`;
  return membersText(
    desired ? JSON.stringify(stampsOf(desired, time)) : undefined,
    reported ? JSON.stringify(stampsOf(reported, time)) : undefined,
  );
}

const tokenMember = (clientToken: string | undefined): string =>
  clientToken === undefined ? '' : `,"clientToken":${JSON.stringify(clientToken)}`;

/** An object of those that are there. */
function membersText(desired: string | undefined, reported: string | undefined, delta?: string): string {
  let members = '';
  if (desired !== undefined) members = `"desired":${desired}`;
  if (reported !== undefined) members += `${members && ','}"reported":${reported}`;
  if (delta !== undefined) members += `${members && ','}"delta":${delta}`;
  return `{${members}}`;
}
