/** The history of shadows by the program's own API: versions, the shadow as it was, differences, and going back. */
import {
  type PointInHistory,
  parseJson,
  type SectionName,
  ServiceError,
  type ShadowDiff,
  type ShadowHistory,
  type ShadowName,
  type ShadowVersion,
  type ShadowVersionSummary,
} from '@thingd/core';
import type { OwnCall, OwnRoute } from '../server/own-route.ts';

/** `…/versions`, the newest first. Times are in milliseconds since the epoch. */
export interface VersionsAnswer {
  readonly versions: readonly ShadowVersionSummary[];
  readonly nextToken?: string;
}

const sections: readonly SectionName[] = ['desired', 'reported'];

/** A classic shadow is `things/<thing>/shadow`, a named one `things/<thing>/shadow/name/<shadow>`, as in MQTT topics. */
export function historyRoutes(history: ShadowHistory): OwnRoute[] {
  const prefixes = ['things/:thingName/shadow', 'things/:thingName/shadow/name/:shadowName'];
  return prefixes.flatMap(prefix => routesOf(prefix, history));
}

function routesOf(prefix: string, history: ShadowHistory): OwnRoute[] {
  const read = { method: 'GET', action: 'thingd:GetShadowHistory', resource: resourceOf } as const;
  return [
    { ...read, url: prefix, handle: call => shadowAt(history, call) },
    { ...read, url: `${prefix}/versions`, handle: call => listVersions(history, call) },
    {
      ...read,
      url: `${prefix}/versions/:version`,
      handle: call => history.at(call.realm, nameOf(call), pointOf('version', call.params.version)),
    },
    { ...read, url: `${prefix}/diff`, handle: call => diff(history, call) },
    {
      method: 'POST',
      url: `${prefix}/restore`,
      action: 'thingd:RestoreShadow',
      resource: resourceOf,
      handle: call => restore(history, call),
    },
  ];
}

const nameOf = ({ params: { thingName = '', shadowName = '' } }: OwnCall): ShadowName => ({ thingName, shadowName });

const resourceOf = ({ thingName, shadowName }: OwnCall['params']): string =>
  shadowName === undefined ? `thing/${thingName}` : `thing/${thingName}/${shadowName}`;

/** `?at=`: a time or a version; without it, now. */
const shadowAt = (history: ShadowHistory, call: OwnCall): Promise<ShadowVersion> =>
  history.at(call.realm, nameOf(call), optionalPoint('at', call.query.at));

async function listVersions(history: ShadowHistory, call: OwnCall): Promise<VersionsAnswer> {
  const { maxResults, nextToken } = call.query;
  const size = maxResults === undefined ? undefined : Number(maxResults);
  if (size !== undefined && !(Number.isInteger(size) && size >= 1 && size <= 250)) {
    throw invalid('maxResults', 'a number from 1 to 250', maxResults);
  }
  const page = await history.list(call.realm, nameOf(call), { maxResults: size, nextToken });
  return { versions: page.items, ...(page.nextToken !== undefined && { nextToken: page.nextToken }) };
}

/** `?from=&to=`; without `to`, up to now. */
function diff(history: ShadowHistory, call: OwnCall): Promise<ShadowDiff> {
  const { from, to } = call.query;
  return history.diff(call.realm, nameOf(call), pointOf('from', from), optionalPoint('to', to));
}

/** `{"to": 3}` or a time; `sections` says which parts, `["desired"]` unless given. Answers what `update/accepted` says. */
async function restore(history: ShadowHistory, call: OwnCall): Promise<object> {
  const { to, sections: given = ['desired'] } = call.input;
  if (!isSections(given)) throw invalid('sections', 'a list of `desired` and `reported`', JSON.stringify(given));
  const accepted = await history.restore(call.realm, nameOf(call), pointOf('to', to), call.caller.principal, given);
  return parseJson(accepted) as object;
}

const isSections = (value: unknown): value is SectionName[] =>
  Array.isArray(value) && value.length > 0 && value.every(item => sections.includes(item));

const optionalPoint = (member: string, value: unknown): PointInHistory =>
  value === undefined ? 'now' : pointOf(member, value);

/** A version is a number, everything else a time. */
function pointOf(member: string, value: unknown): PointInHistory {
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  if (/^\d{1,15}$/.test(text)) return { version: Number(text) };
  const time = /^\d{4}-/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) throw invalid(member, 'a version, or a time such as `2026-01-31T12:00:00Z`', text);
  return { time };
}

const invalid = (member: string, expected: string, given: string | undefined): ServiceError =>
  new ServiceError('InvalidRequestException', `\`${member}\` expects ${expected}, not \`${given ?? ''}\``);
