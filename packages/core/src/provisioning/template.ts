/**
 * A provisioning template as it is written: which parameters it takes and which resources it declares, nothing evaluated yet.
 * Source: AWS IoT developer guide, "Provisioning templates".
 */
import { ServiceError } from '../errors.ts';

/** Any JSON value. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };
export type JsonObject = { readonly [name: string]: Json };

export const resourceTypes = ['AWS::IoT::Thing', 'AWS::IoT::Certificate', 'AWS::IoT::Policy'] as const;
export type ResourceType = (typeof resourceTypes)[number];

export interface TemplateResource {
  /** Its key in `Resources`, under which its ARN is answered. */
  readonly logicalName: string;
  readonly type: ResourceType;
  readonly properties: JsonObject;
  readonly overrideSettings: JsonObject;
}

export interface Template {
  /** The parameters declared, with their default where they have one. */
  readonly parameters: ReadonlyMap<string, string | undefined>;
  /** Map name → top-level key → second-level key → value. */
  readonly mappings: JsonObject;
  readonly resources: readonly TemplateResource[];
  /** Of fleet provisioning: what a device is answered. */
  readonly deviceConfiguration: JsonObject | undefined;
}

const sections = ['Parameters', 'Mappings', 'Resources', 'DeviceConfiguration'];
const membersOfResource = ['Type', 'Properties', 'OverrideSettings'];

/** Throws `InvalidRequestException` that names the place. */
export function parseTemplate(body: string): Template {
  const template = objectAt(parseJson(body), 'template');
  checkMembers(template, sections, 'template');
  const { Parameters = {}, Mappings = {}, Resources, DeviceConfiguration } = template;
  if (Resources === undefined) throw invalidTemplate('Resources', 'is missing');
  const resources = Object.entries(objectAt(Resources, 'Resources')).map(([logicalName, resource]) =>
    parseResource(logicalName, resource),
  );
  checkResources(resources);
  return {
    parameters: parseParameters(Parameters),
    mappings: objectAt(Mappings, 'Mappings'),
    resources,
    deviceConfiguration:
      DeviceConfiguration === undefined ? undefined : objectAt(DeviceConfiguration, 'DeviceConfiguration'),
  };
}

function parseJson(body: string): Json {
  try {
    return JSON.parse(body);
  } catch (error) {
    throw invalidTemplate('template', `is not JSON: ${(error as Error).message}`);
  }
}

function parseParameters(value: Json): Map<string, string | undefined> {
  const parameters = new Map<string, string | undefined>();
  for (const [name, declared] of Object.entries(objectAt(value, 'Parameters'))) {
    const at = `Parameters.${name}`;
    const parameter = objectAt(declared, at);
    checkMembers(parameter, ['Type', 'Default'], at);
    if (parameter.Type !== 'String') throw invalidTemplate(`${at}.Type`, 'must be `String`');
    const { Default } = parameter;
    parameters.set(name, Default === undefined ? undefined : stringAt(Default, `${at}.Default`));
  }
  return parameters;
}

function parseResource(logicalName: string, value: Json): TemplateResource {
  const at = `Resources.${logicalName}`;
  const resource = objectAt(value, at);
  checkMembers(resource, membersOfResource, at);
  const type = resourceTypes.find(known => known === resource.Type);
  if (!type) throw invalidTemplate(`${at}.Type`, `must be one of ${resourceTypes.join(', ')}`);
  return {
    logicalName,
    type,
    properties: objectAt(resource.Properties ?? {}, `${at}.Properties`),
    overrideSettings: objectAt(resource.OverrideSettings ?? {}, `${at}.OverrideSettings`),
  };
}

function checkResources(resources: readonly TemplateResource[]): void {
  const count = (type: ResourceType) => resources.filter(resource => resource.type === type).length;
  if (resources.length === 0) throw invalidTemplate('Resources', 'declares nothing');
  for (const type of ['AWS::IoT::Thing', 'AWS::IoT::Certificate'] as const) {
    if (count(type) > 1) throw invalidTemplate('Resources', `declares more than one ${type}`);
  }
  if (count('AWS::IoT::Policy') > 0 && count('AWS::IoT::Certificate') === 0) {
    throw invalidTemplate('Resources', 'declares a policy, but no certificate to attach it to');
  }
}

export function objectAt(value: Json, at: string): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw invalidTemplate(at, 'must be an object');
}

export function stringAt(value: Json, at: string): string {
  if (typeof value === 'string') return value;
  throw invalidTemplate(at, 'must be a string');
}

/** Refuses members that would have no effect. */
export function checkMembers(object: JsonObject, known: readonly string[], at: string): void {
  for (const name of Object.keys(object)) {
    if (!known.includes(name)) throw invalidTemplate(at, `has no \`${name}\`; it may have ${known.join(', ')}`);
  }
}

export const invalidTemplate = (at: string, problem: string): ServiceError =>
  new ServiceError('InvalidRequestException', `provisioning template is invalid: \`${at}\` ${problem}`);
