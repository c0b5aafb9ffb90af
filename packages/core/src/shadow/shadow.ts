/**
 * A shadow and what an update makes of it: the new document, the answer, the delta and the before-and-after. Pure; who stores and who
 * publishes is elsewhere. (AWS: device-shadow-document, using-device-shadows.)
 */
import type { JsonObject } from './json.ts';
import { isRejection, type ShadowLimits, type ShadowRejection, type ShadowUpdate } from './request.ts';
import { deltaOf, emptySection, type Metadata, mergeSection, type Section, stampsOf } from './section.ts';

export interface Shadow {
  readonly version: number;
  /** A section without members is not shown; it is kept as the empty section. */
  readonly desired: Section;
  readonly reported: Section;
}

/** `state` and `metadata` of a document, empty sections left out. */
interface DocumentBody {
  readonly state: { readonly desired?: JsonObject; readonly reported?: JsonObject; readonly delta?: JsonObject };
  readonly metadata: { readonly desired?: Metadata; readonly reported?: Metadata };
}

/** The sections as JSON text: what is stored, and what the size limit counts. */
export interface ShadowText {
  readonly desired: string;
  readonly reported: string;
}

export interface UpdateOutcome {
  readonly shadow: Shadow;
  readonly text: ShadowText;
  /** Payload of `update/accepted`, and the HTTPS answer. */
  readonly accepted: object;
  /** Payload of `update/documents`. */
  readonly documents: object;
  /** Payload of `update/delta`, where desired and reported still differ. */
  readonly delta: object | undefined;
}

/** A shadow before its first update. `version` is that of a deleted predecessor, which the count goes on from. */
export const newShadow = (version = 0): Shadow => ({ version, desired: emptySection, reported: emptySection });

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
  const token = update.clientToken === undefined ? {} : { clientToken: update.clientToken };
  const before = previous ?? newShadow(lastVersion);
  if (update.version !== undefined && update.version !== before.version)
    return { code: 409, message: 'Version conflict', ...token };
  const shadow: Shadow = {
    version: before.version + 1,
    desired: updateSection(before.desired, update.clear ? null : update.desired, time),
    reported: updateSection(before.reported, update.clear ? null : update.reported, time),
  };
  const text = { desired: JSON.stringify(shadow.desired.state), reported: JSON.stringify(shadow.reported.state) };
  // Metadata does not count. (AWS: general reference, IoT Core quotas)
  if (Buffer.byteLength(text.desired) + Buffer.byteLength(text.reported) > limits.documentSize)
    return { code: 413, message: 'The payload exceeds the maximum size allowed', ...token };

  const { version } = shadow;
  const delta = deltaOf(shadow.desired, shadow.reported.state);
  return {
    shadow,
    text,
    accepted: { ...acceptedBody(update, time), version, timestamp: time, ...token },
    documents: {
      ...(previous === undefined ? {} : { previous: { ...documentBody(previous), version: previous.version } }),
      current: { ...documentBody(shadow), version },
      timestamp: time,
      ...token,
    },
    delta: delta && { version, timestamp: time, state: delta.state, metadata: delta.metadata, ...token },
  };
}

export { isRejection };

const updateSection = (old: Section, patch: JsonObject | null | undefined, time: number): Section =>
  patch === undefined ? old : patch === null ? emptySection : mergeSection(old, patch, time);

/** Echoes what was sent, with its stamps. */
function acceptedBody(update: ShadowUpdate, time: number): object {
  if (update.clear) return { state: null, metadata: { timestamp: time } };
  const { desired, reported } = update;
  return {
    state: { ...(desired !== undefined && { desired }), ...(reported !== undefined && { reported }) },
    metadata: {
      ...(desired && { desired: stampsOf(desired, time) }),
      ...(reported && { reported: stampsOf(reported, time) }),
    },
  };
}

const isEmpty = (section: Section): boolean => Object.keys(section.state).length === 0;

function documentBody({ desired, reported }: Shadow): DocumentBody {
  return {
    state: {
      ...(!isEmpty(desired) && { desired: desired.state }),
      ...(!isEmpty(reported) && { reported: reported.state }),
    },
    metadata: {
      ...(!isEmpty(desired) && { desired: desired.metadata }),
      ...(!isEmpty(reported) && { reported: reported.metadata }),
    },
  };
}

/** Payload of `get/accepted`, and the HTTPS answer: the document with its delta. */
export function getDocument(shadow: Shadow, time: number, clientToken: string | undefined): object {
  const { state, metadata } = documentBody(shadow);
  const delta = deltaOf(shadow.desired, shadow.reported.state);
  return {
    state: delta === undefined ? state : { ...state, delta: delta.state },
    metadata,
    version: shadow.version,
    timestamp: time,
    ...(clientToken !== undefined && { clientToken }),
  };
}
