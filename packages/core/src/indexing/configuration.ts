/** What a realm has indexed: the configuration as AWS words it, its rules, and the fields that come with it. Pure. */
import { ServiceError } from '../errors.ts';
import { awsIndexingLimits, type IndexingLimits } from './limits.ts';

export type IndexName = 'AWS_Things' | 'AWS_ThingGroups';

export type FieldType = 'Number' | 'String' | 'Boolean';

export interface Field {
  readonly name?: string | undefined;
  readonly type?: FieldType | undefined;
}

export interface ThingIndexingConfiguration {
  readonly thingIndexingMode: 'OFF' | 'REGISTRY' | 'REGISTRY_AND_SHADOW';
  readonly thingConnectivityIndexingMode?: 'OFF' | 'STATUS' | undefined;
  readonly deviceDefenderIndexingMode?: 'OFF' | 'VIOLATIONS' | undefined;
  readonly namedShadowIndexingMode?: 'OFF' | 'ON' | undefined;
  readonly customFields?: readonly Field[] | undefined;
  readonly filter?:
    | {
        readonly namedShadowNames?: readonly string[] | undefined;
        readonly geoLocations?: readonly GeoLocation[] | undefined;
      }
    | undefined;
}

export interface GeoLocation {
  readonly name?: string | undefined;
  readonly order?: 'LatLon' | 'LonLat' | undefined;
}

export interface ThingGroupIndexingConfiguration {
  readonly thingGroupIndexingMode: 'OFF' | 'ON';
  readonly customFields?: readonly Field[] | undefined;
}

export type IndexConfiguration = ThingIndexingConfiguration | ThingGroupIndexingConfiguration;

export const thingIndexingOff: ThingIndexingConfiguration = {
  thingIndexingMode: 'OFF',
  thingConnectivityIndexingMode: 'OFF',
  deviceDefenderIndexingMode: 'OFF',
  namedShadowIndexingMode: 'OFF',
};

export const thingGroupIndexingOff: ThingGroupIndexingConfiguration = { thingGroupIndexingMode: 'OFF' };

export const isOff = (configuration: IndexConfiguration): boolean =>
  'thingIndexingMode' in configuration
    ? configuration.thingIndexingMode === 'OFF'
    : configuration.thingGroupIndexingMode === 'OFF';

/** The configuration with every mode spelled out. Throws `InvalidRequestException` for one that contradicts itself. */
export function checkThingIndexing(
  input: ThingIndexingConfiguration,
  limits: IndexingLimits = awsIndexingLimits,
): ThingIndexingConfiguration {
  const configuration = {
    ...thingIndexingOff,
    ...Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined)),
  } as ThingIndexingConfiguration;
  const { thingIndexingMode, namedShadowIndexingMode, customFields = [], filter = {} } = configuration;
  const { namedShadowNames = [], geoLocations = [] } = filter;
  if (thingIndexingMode === 'OFF') checkNothingElse(configuration);
  if (namedShadowIndexingMode === 'ON' && namedShadowNames.length === 0) {
    throw invalid('`namedShadowIndexingMode` ON needs the shadows to index in `filter.namedShadowNames`');
  }
  if (namedShadowIndexingMode !== 'ON' && namedShadowNames.length > 0) {
    throw invalid('`filter.namedShadowNames` needs `namedShadowIndexingMode` ON');
  }
  checkCount('named shadows', namedShadowNames, limits.indexedNamedShadows);
  checkCount('geolocation targets', geoLocations, limits.indexedGeoLocations);
  for (const { name } of geoLocations) checkSource(name, 'geolocation target', configuration);
  checkFields(customFields, limits);
  for (const { name } of customFields) checkSource(name, 'custom field', configuration);
  return configuration;
}

/** Throws `InvalidRequestException`. */
export function checkThingGroupIndexing(
  { thingGroupIndexingMode, customFields }: ThingGroupIndexingConfiguration,
  limits: IndexingLimits = awsIndexingLimits,
): ThingGroupIndexingConfiguration {
  const fields = customFields ?? [];
  if (thingGroupIndexingMode === 'OFF' && fields.length > 0) {
    throw invalid('`thingGroupIndexingMode` is OFF: nothing else can be indexed');
  }
  checkFields(fields, limits);
  for (const { name } of fields) {
    if (!name?.startsWith('attributes.')) throw invalid(`custom field \`${name}\` must begin with \`attributes.\``);
  }
  return { thingGroupIndexingMode, ...(fields.length > 0 && { customFields: fields }) };
}

function checkNothingElse(configuration: ThingIndexingConfiguration): void {
  const { thingConnectivityIndexingMode, deviceDefenderIndexingMode, namedShadowIndexingMode } = configuration;
  const modes = { thingConnectivityIndexingMode, deviceDefenderIndexingMode, namedShadowIndexingMode };
  for (const [name, mode] of Object.entries(modes)) {
    if (mode !== 'OFF') throw invalid(`\`${name}\` ${mode} needs a \`thingIndexingMode\` that is not OFF`);
  }
}

function checkFields(fields: readonly Field[], limits: IndexingLimits): void {
  checkCount('custom fields', fields, limits.indexedCustomFields);
  const names = new Set<string>();
  for (const { name, type } of fields) {
    if (name === undefined || type === undefined) throw invalid('a custom field needs a `name` and a `type`');
    if (names.has(name)) throw invalid(`custom field \`${name}\` is there twice`);
    names.add(name);
  }
}

/** A field can only come from data that is indexed. *AWS: Managing fleet indexing, "Custom field names"*. */
function checkSource(name: string | undefined, what: string, configuration: ThingIndexingConfiguration): void {
  const { thingIndexingMode, namedShadowIndexingMode, deviceDefenderIndexingMode } = configuration;
  const [, shadowName] = /^shadow\.name\.([^.]+)\.(?:desired|reported)\../.exec(name ?? '') ?? [];
  const indexed =
    name !== undefined &&
    (/^attributes\../.test(name) ||
      (thingIndexingMode === 'REGISTRY_AND_SHADOW' && /^shadow\.(?:desired|reported)\../.test(name)) ||
      (namedShadowIndexingMode === 'ON' &&
        shadowName !== undefined &&
        (configuration.filter?.namedShadowNames ?? []).includes(shadowName)) ||
      (deviceDefenderIndexingMode === 'VIOLATIONS' && /^deviceDefender\../.test(name)));
  if (!indexed) throw invalid(`${what} \`${name}\` is in no data that this configuration indexes`);
}

function checkCount(what: string, list: readonly unknown[], limit: number): void {
  if (list.length > limit) throw invalid(`${list.length} ${what} are more than the ${limit} allowed`);
}

/** The fields whose type AWS knows. *AWS: Managing fleet indexing, "Managed fields"*. */
export function managedFields(configuration: IndexConfiguration): Field[] {
  if (isOff(configuration)) return [];
  if (!('thingIndexingMode' in configuration)) return groupFields;
  const { thingIndexingMode, thingConnectivityIndexingMode, deviceDefenderIndexingMode, filter } = configuration;
  return [
    ...registryFields,
    ...(thingIndexingMode === 'REGISTRY_AND_SHADOW' ? shadowFields('shadow') : []),
    ...(filter?.namedShadowNames ?? []).flatMap(name => shadowFields(`shadow.name.${name}`)),
    ...(thingConnectivityIndexingMode === 'STATUS' ? connectivityFields : []),
    ...(deviceDefenderIndexingMode === 'VIOLATIONS'
      ? [{ name: 'deviceDefender.violationCount', type: 'Number' } as const]
      : []),
  ];
}

const registryFields: readonly Field[] = [
  { name: 'thingId', type: 'String' },
  { name: 'thingName', type: 'String' },
  { name: 'registry.version', type: 'Number' },
  { name: 'registry.thingTypeName', type: 'String' },
  { name: 'registry.thingGroupNames', type: 'String' },
];

const shadowFields = (prefix: string): Field[] => [
  { name: `${prefix}.version`, type: 'Number' },
  { name: `${prefix}.hasDelta`, type: 'Boolean' },
];

const connectivityFields: readonly Field[] = [
  { name: 'connectivity.timestamp', type: 'Number' },
  { name: 'connectivity.version', type: 'Number' },
  { name: 'connectivity.connected', type: 'Boolean' },
  { name: 'connectivity.disconnectReason', type: 'String' },
];

const groupFields: Field[] = [
  { name: 'description', type: 'String' },
  { name: 'parentGroupNames', type: 'String' },
  { name: 'thingGroupId', type: 'String' },
  { name: 'thingGroupName', type: 'String' },
  { name: 'version', type: 'Number' },
];

/** What `DescribeIndex` calls the configuration. *AWS: Manage thing indexing, "Describing a thing index"*. */
export function schemaOf(configuration: IndexConfiguration): string {
  if (!('thingIndexingMode' in configuration)) return 'THING_GROUPS';
  const { thingIndexingMode, thingConnectivityIndexingMode } = configuration;
  if (configuration.namedShadowIndexingMode === 'ON' || configuration.deviceDefenderIndexingMode === 'VIOLATIONS') {
    return 'MULTI_INDEXING_MODE';
  }
  return thingConnectivityIndexingMode === 'STATUS'
    ? `${thingIndexingMode}_AND_CONNECTIVITY_STATUS`
    : thingIndexingMode;
}

const invalid = (message: string) => new ServiceError('InvalidRequestException', message);
