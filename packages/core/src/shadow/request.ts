/**
 * What a shadow request says, checked member by member in AWS's words. (AWS: device-shadow-document, device-shadow-error-messages.)
 */
import { isUtf8 } from 'node:buffer';
import { isJsonObject, type JsonObject, type JsonValue, parseJson } from './json.ts';
import { envelopeBytes, type ShadowLimits } from './limits.ts';

/** A refusal: the code is HTTP-like and the same over MQTT and HTTPS. */
export interface ShadowRejection {
  readonly code: 400 | 401 | 403 | 404 | 409 | 413 | 415 | 429 | 500;
  readonly message: string;
  readonly clientToken?: string;
}

/** `null` clears; undefined leaves as it is. */
export interface ShadowUpdate {
  /** `state: null`: both sections are cleared. */
  readonly clear: boolean;
  readonly desired: JsonObject | null | undefined;
  readonly reported: JsonObject | null | undefined;
  /** The version the writer believes is current. */
  readonly version: number | undefined;
  readonly clientToken: string | undefined;
}

export const rejection = (code: ShadowRejection['code'], message: string, clientToken?: string): ShadowRejection =>
  clientToken === undefined ? { code, message } : { code, message, clientToken };

export const isRejection = (value: string | object): value is ShadowRejection =>
  typeof value === 'object' && 'code' in value;

/** The request's root object and its token, or why it is refused. */
function parseRoot(
  payload: Uint8Array,
  limits: ShadowLimits,
): { root: JsonObject; clientToken: string | undefined } | ShadowRejection {
  if (payload.length > limits.maxShadowBytes + envelopeBytes)
    return rejection(413, 'The payload exceeds the maximum size allowed');
  if (!isUtf8(payload)) return rejection(415, 'Unsupported documented encoding; supported encoding is UTF-8');
  let root: JsonValue;
  try {
    root = parseJson(textOf(payload));
  } catch {
    return rejection(400, 'Invalid JSON');
  }
  if (!isJsonObject(root)) return rejection(400, 'Invalid JSON');
  const token = root.clientToken;
  if (token === undefined) return { root, clientToken: undefined };
  if (typeof token !== 'string' || Buffer.byteLength(token) > limits.maxClientTokenBytes)
    return rejection(400, 'Invalid clientToken');
  return { root, clientToken: token };
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();

/** The `clientToken` of a get; an empty payload has none. */
export function parseGet(
  payload: Uint8Array,
  limits: ShadowLimits,
): { clientToken: string | undefined } | ShadowRejection {
  if (payload.length === 0) return { clientToken: undefined };
  const parsed = parseRoot(payload, limits);
  return isRejection(parsed) ? parsed : { clientToken: parsed.clientToken };
}

/** The `clientToken` of a delete, whose payload is otherwise ignored, be it JSON or not. (AWS: device-shadow-mqtt, "/delete") */
export function parseDelete(payload: Uint8Array, limits: ShadowLimits): { clientToken: string | undefined } {
  const parsed = parseGet(payload, limits);
  return isRejection(parsed) ? { clientToken: undefined } : parsed;
}

/** An update request, or why it is refused. */
export function parseUpdate(payload: Uint8Array, limits: ShadowLimits): ShadowUpdate | ShadowRejection {
  const parsed = parseRoot(payload, limits);
  if (isRejection(parsed)) return parsed;
  const { root, clientToken } = parsed;
  const refuse = (message: string): ShadowRejection => rejection(400, message, clientToken);

  const { state, version } = root;
  if (state === undefined) return refuse('Missing required node: state');
  if (state !== null && !isJsonObject(state)) return refuse('State node must be an object');
  if (version !== undefined && !(typeof version === 'number' && Number.isInteger(version) && version >= 0))
    return refuse('Invalid version');
  if (state === null) return { clear: true, desired: undefined, reported: undefined, version, clientToken };

  const { desired, reported, ...others } = state;
  const other = Object.keys(others)[0];
  if (other !== undefined) return refuse(`State contains an invalid node: '${other}'`);
  if (desired !== undefined && desired !== null && !isJsonObject(desired))
    return refuse('Desired node must be an object');
  if (reported !== undefined && reported !== null && !isJsonObject(reported))
    return refuse('Reported node must be an object');
  for (const section of [desired, reported]) {
    if (!isJsonObject(section)) continue;
    if (exceedsDepth(section, limits.maxShadowDepth))
      return refuse('JSON contains too many levels of nesting; maximum is 6');
    if (hasNullInArray(section, false)) return refuse('State contains an invalid node: arrays may not contain null');
  }
  return { clear: false, desired, reported, version, clientToken };
}

const children = (value: JsonValue): readonly JsonValue[] =>
  Array.isArray(value) ? value : isJsonObject(value) ? (Object.values(value) as JsonValue[]) : [];

const isContainer = (value: JsonValue): boolean => Array.isArray(value) || isJsonObject(value);

function exceedsDepth(value: JsonValue, levels: number): boolean {
  if (levels === 0) return true;
  return children(value).some(child => isContainer(child) && exceedsDepth(child, levels - 1));
}

function hasNullInArray(value: JsonValue, inArray: boolean): boolean {
  if (value === null) return inArray;
  return children(value).some(child => hasNullInArray(child, Array.isArray(value)));
}
