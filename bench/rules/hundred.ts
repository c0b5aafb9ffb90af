/**
 * A hundred rules as fleets have them: ten kinds of statement at each of ten sites. A message is of one site, so ten of them are
 * reached by it. Beside each statement stands what somebody would write in its place.
 */
import type { EvaluationContext } from '@thingd/core';
import { noServices } from './no-services.ts';

export interface Telemetry {
  readonly deviceId?: string;
  readonly type?: string;
  readonly ts?: number;
  readonly reading?: { readonly temperature: number; readonly humidity: number; readonly vibration: number[] };
  readonly battery?: { readonly level: number; readonly charging: boolean };
  readonly firmware?: string;
  readonly tags?: readonly string[];
  readonly alarms?: readonly { readonly code: string; readonly level: number }[];
}

/** The output of the statement for a message, or `undefined` if the message does not pass. */
export type ByHand = (message: Telemetry, levels: readonly string[]) => unknown;

export interface BenchRule {
  readonly ruleName: string;
  readonly sql: string;
  /** What FROM names. */
  readonly filter: string;
  readonly byHand: ByHand;
}

export const now = 1_795_900_000_000;
/** What both sides are told the time is, so that their outputs can be compared. */
export const clock = { now: () => now };

const sites = ['berlin', 'lyon', 'osaka', 'pune', 'quito', 'riga', 'seoul', 'turin', 'utrecht', 'vienna'];
const devicesOfSite = 10;

/** `FROM` is put in by `rulesOf`; every third filter is of another shape. */
function kindsOf(index: number): readonly (readonly [select: string, where: string | undefined, byHand: ByHand])[] {
  const hot = 30 + index;
  const low = 15 + index;
  const cold = 20 + index;
  return [
    [
      'SELECT *',
      `reading.temperature > ${hot}`,
      message => (message.reading !== undefined && message.reading.temperature > hot ? message : undefined),
    ],
    [
      'SELECT deviceId AS device, reading.temperature AS temperature, topic(2) AS site',
      `type = 'telemetry' AND reading.humidity >= ${low}`,
      ({ type, deviceId, reading }, levels) =>
        type === 'telemetry' && reading !== undefined && reading.humidity >= low
          ? { device: deviceId, temperature: reading.temperature, site: levels[1] }
          : undefined,
    ],
    [
      'SELECT deviceId, battery.level AS level',
      `battery.level < ${low} AND battery.charging = false`,
      ({ deviceId, battery }) =>
        battery !== undefined && battery.level < low && !battery.charging
          ? { deviceId, level: battery.level }
          : undefined,
    ],
    [
      'SELECT deviceId, firmware, ts',
      "type IN ['telemetry', 'status'] AND firmware <> '2.4.1'",
      ({ type, firmware, deviceId, ts }) =>
        (type === 'telemetry' || type === 'status') && firmware !== '2.4.1' ? { deviceId, firmware, ts } : undefined,
    ],
    [
      'SELECT upper(deviceId) AS id, reading',
      "startswith(firmware, '2.') AND endswith(deviceId, '7')",
      ({ firmware, deviceId, reading }) =>
        firmware?.startsWith('2.') && deviceId?.endsWith('7') ? { id: deviceId.toUpperCase(), reading } : undefined,
    ],
    [
      'SELECT deviceId, (SELECT VALUE code FROM alarms WHERE level >= 2) AS codes',
      'EXISTS (SELECT * FROM alarms WHERE level >= 3)',
      ({ deviceId, alarms }) =>
        alarms?.some(({ level }) => level >= 3)
          ? { deviceId, codes: alarms.filter(({ level }) => level >= 2).map(({ code }) => code) }
          : undefined,
    ],
    [
      'SELECT deviceId, reading.temperature * 9 / 5 + 32 AS fahrenheit',
      `reading.temperature >= ${hot} OR reading.humidity > 80`,
      ({ deviceId, reading }) =>
        reading !== undefined && (reading.temperature >= hot || reading.humidity > 80)
          ? { deviceId, fahrenheit: Math.round(((reading.temperature * 9) / 5 + 32) * 100) / 100 }
          : undefined,
    ],
    [
      'SELECT reading.temperature AS state.reported.temperature, battery.level AS state.reported.battery',
      undefined,
      ({ reading, battery }) => ({
        state: { reported: { temperature: reading?.temperature, battery: battery?.level } },
      }),
    ],
    [
      'SELECT *, topic(3) AS device, timestamp() AS received',
      "NOT battery.charging AND 'hall-b' IN tags",
      (message, levels) =>
        message.battery?.charging === false && message.tags?.includes('hall-b')
          ? { ...message, device: levels[2], received: clock.now() }
          : undefined,
    ],
    [
      "SELECT concat(topic(2), '/', deviceId) AS key, CASE type WHEN 'telemetry' THEN 't' ELSE 'o' END AS kind",
      `topic(4) = 'telemetry' AND (reading.temperature < ${cold} OR regexp_matches(firmware, '^2\\.[56]'))`,
      ({ type, deviceId, reading, firmware }, levels) =>
        levels[3] === 'telemetry' &&
        ((reading !== undefined && reading.temperature < cold) || (firmware !== undefined && /^2\.[56]/.test(firmware)))
          ? { key: `${levels[1]}/${deviceId}`, kind: type === 'telemetry' ? 't' : 'o' }
          : undefined,
    ],
  ];
}

export const rules: readonly BenchRule[] = sites.flatMap((site, index) => {
  const filters = [`fleet/${site}/+/telemetry`, `fleet/${site}/#`, `+/${site}/+/+`];
  return kindsOf(index).map(([select, where, byHand], kind) => {
    const filter = filters[kind % filters.length]!;
    const sql = `${select} FROM '${filter}'${where === undefined ? '' : ` WHERE ${where}`}`;
    return { ruleName: `${site}${kind}`, sql, filter, byHand };
  });
});

export interface BenchMessage {
  readonly topic: string;
  readonly payload: Buffer;
  /** The rules FROM selects for it. */
  readonly reached: readonly BenchRule[];
}

/** A message of each device, no two alike; about half of the rules that are reached let one pass. */
export const messages: readonly BenchMessage[] = Array.from({ length: sites.length * devicesOfSite }, (_, index) => {
  const device = Math.floor(index / sites.length);
  const site = sites[index % sites.length]!;
  const message: Telemetry = {
    deviceId: `press-${device}`,
    type: index % 9 === 0 ? 'status' : 'telemetry',
    ts: now - index,
    reading: { temperature: 18 + index / 4, humidity: 20 + (index % 70), vibration: [0.12, 0.4, 0.31] },
    battery: { level: 5 + (index % 90), charging: index % 4 === 0 },
    firmware: `2.${index % 7}.1`,
    tags: ['line-3', index % 2 === 0 ? 'hall-a' : 'hall-b'],
    alarms:
      index % 3 === 0
        ? []
        : [
            { code: 'E12', level: index % 5 },
            { code: 'E7', level: 2 },
          ],
  };
  const reached = rules.filter(({ ruleName }) => ruleName.startsWith(site));
  return { topic: `fleet/${site}/press-${device}/telemetry`, payload: Buffer.from(JSON.stringify(message)), reached };
});

export const context: EvaluationContext = {
  accountId: '000000000000',
  clock,
  random: Math.random,
  uuid: () => '',
  services: noServices,
};
