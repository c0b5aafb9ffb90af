/** The resources a template comes to with its parameters' values: what is to be there, and what to do where it is there already. */
import { createHash } from 'node:crypto';
import { ServiceError } from '../errors.ts';
import type { ThingPrincipalType } from '../registry/thing-principal-store.ts';
import { evaluate, type Scope } from './functions.ts';
import {
  checkMembers,
  invalidTemplate,
  type Json,
  type JsonObject,
  objectAt,
  stringAt,
  type Template,
  type TemplateResource,
} from './template.ts';

/** What to do with a property of a resource that exists and has another value. */
export type Override = 'DO_NOTHING' | 'REPLACE' | 'FAIL' | 'MERGE';

export interface ThingResource {
  readonly logicalName: string;
  readonly thingName: string;
  readonly attributes: Readonly<Record<string, string>> | undefined;
  readonly thingTypeName: string | undefined;
  readonly thingGroups: readonly string[] | undefined;
  readonly billingGroup: string | undefined;
  readonly overrides: Readonly<Record<'AttributePayload' | 'ThingTypeName' | 'ThingGroups', Override>>;
}

/** Where the certificate comes from: one of AWS's three ways. */
export type CertificateSource =
  | { readonly certificateSigningRequest: string }
  | { readonly certificateId: string }
  | { readonly certificatePem: string; readonly caCertificatePem: string | undefined };

export interface CertificateResource {
  readonly logicalName: string;
  readonly source: CertificateSource;
  /** Absent: ACTIVE for one that is new, and as it is for one that is not. */
  readonly status: 'ACTIVE' | 'INACTIVE' | undefined;
  readonly thingPrincipalType: ThingPrincipalType | undefined;
  readonly statusOverride: Override;
}

/** A policy there is, or one to be made, named by its document's hash. */
export interface PolicyResource {
  readonly logicalName: string;
  readonly policyName: string;
  readonly policyDocument: string | undefined;
}

export interface Resources {
  readonly thing: ThingResource | undefined;
  readonly certificate: CertificateResource | undefined;
  readonly policies: readonly PolicyResource[];
}

/** A resource that is there stands against what the template says, and is not to be overridden. AWS's page calls it a ResourceConflictsException, its model this. */
export const conflict = (logicalName: string, what: string): ServiceError =>
  new ServiceError('ConflictingResourceUpdateException', `resource \`${logicalName}\` exists already: ${what}`);

/** Throws `InvalidRequestException` that names the place. */
export function resourcesOf(template: Template, scope: Scope): Resources {
  const of = (type: TemplateResource['type']) => template.resources.filter(resource => resource.type === type);
  const [thing] = of('AWS::IoT::Thing');
  const [certificate] = of('AWS::IoT::Certificate');
  return {
    thing: thing && thingResource(thing, scope),
    certificate: certificate && certificateResource(certificate, scope),
    policies: of('AWS::IoT::Policy').map(policy => policyResource(policy, scope)),
  };
}

const merging: readonly Override[] = ['DO_NOTHING', 'REPLACE', 'FAIL', 'MERGE'];
const plain: readonly Override[] = ['DO_NOTHING', 'REPLACE', 'FAIL'];

/**
 * AWS does not say what happens without override settings; a thing that is there stays as it is, so that registering it again, with
 * another certificate perhaps, harms nothing. (unverified)
 */
const thingDefault: Override = 'DO_NOTHING';

function thingResource(resource: TemplateResource, scope: Scope): ThingResource {
  const properties = new Properties(resource, scope, [
    'ThingName',
    'AttributePayload',
    'ThingTypeName',
    'ThingGroups',
    'BillingGroup',
  ]);
  const overrides = overridesOf(resource, { AttributePayload: merging, ThingTypeName: plain, ThingGroups: merging });
  return {
    logicalName: resource.logicalName,
    thingName: properties.thingName(),
    attributes: properties.strings('AttributePayload'),
    thingTypeName: properties.optional('ThingTypeName'),
    thingGroups: properties.list('ThingGroups'),
    billingGroup: properties.optional('BillingGroup'),
    overrides: {
      AttributePayload: overrides.AttributePayload ?? thingDefault,
      ThingTypeName: overrides.ThingTypeName ?? thingDefault,
      ThingGroups: overrides.ThingGroups ?? thingDefault,
    },
  };
}

const sources = ['CertificateSigningRequest', 'CertificateId', 'CertificateID', 'CertificatePem'] as const;
const principalTypes: readonly ThingPrincipalType[] = ['EXCLUSIVE_THING', 'NON_EXCLUSIVE_THING'];

function certificateResource(resource: TemplateResource, scope: Scope): CertificateResource {
  // AWS's page names `CertificateID` among the properties, and writes `CertificateId` in every example.
  const names = [...sources, 'CACertificatePem', 'Status', 'ThingPrincipalType'];
  const properties = new Properties(resource, scope, names);
  const given = sources.filter(name => properties.has(name));
  if (given.length !== 1)
    throw properties.invalid(`must have one of ${sources.filter((_, at) => at !== 2).join(', ')}`);
  const caCertificatePem = properties.optional('CACertificatePem');
  if (caCertificatePem !== undefined && given[0] !== 'CertificatePem') {
    throw properties.invalid('has a `CACertificatePem` without a `CertificatePem`');
  }
  const value = properties.required(given[0]!);
  const source =
    given[0] === 'CertificateSigningRequest'
      ? { certificateSigningRequest: value }
      : given[0] === 'CertificatePem'
        ? { certificatePem: value, caCertificatePem }
        : { certificateId: value };
  const { Status } = overridesOf(resource, { Status: plain });
  return {
    logicalName: resource.logicalName,
    source,
    status: properties.oneOf('Status', ['ACTIVE', 'INACTIVE']),
    thingPrincipalType: properties.oneOf('ThingPrincipalType', principalTypes),
    statusOverride: Status ?? 'REPLACE',
  };
}

function policyResource(resource: TemplateResource, scope: Scope): PolicyResource {
  const { logicalName } = resource;
  const properties = new Properties(resource, scope, ['PolicyName', 'PolicyDocument']);
  overridesOf(resource, {});
  if (properties.has('PolicyName') === properties.has('PolicyDocument')) {
    throw properties.invalid('must have either a `PolicyName` or a `PolicyDocument`');
  }
  if (properties.has('PolicyName')) {
    return { logicalName, policyName: properties.required('PolicyName'), policyDocument: undefined };
  }
  const document = properties.value('PolicyDocument')!;
  const policyDocument = typeof document === 'string' ? document : JSON.stringify(document);
  return { logicalName, policyName: createHash('sha256').update(policyDocument).digest('hex'), policyDocument };
}

function overridesOf<Name extends string>(
  { logicalName, overrideSettings }: TemplateResource,
  allowed: Readonly<Record<Name, readonly Override[]>>,
): Partial<Record<Name, Override>> {
  const at = `Resources.${logicalName}.OverrideSettings`;
  checkMembers(overrideSettings, Object.keys(allowed), at);
  const overrides: Partial<Record<Name, Override>> = {};
  for (const [name, value] of Object.entries(overrideSettings)) {
    const choices = allowed[name as Name];
    const override = choices.find(choice => choice === value);
    if (!override) throw invalidTemplate(`${at}.${name}`, `must be one of ${choices.join(', ')}`);
    overrides[name as Name] = override;
  }
  return overrides;
}

/** The properties of one resource, evaluated and read by what they are to be. */
class Properties {
  readonly #values: JsonObject;
  readonly #at: string;

  constructor({ logicalName, properties }: TemplateResource, scope: Scope, names: readonly string[]) {
    this.#at = `Resources.${logicalName}.Properties`;
    checkMembers(properties, names, this.#at);
    this.#values = objectAt(evaluate(properties, scope, this.#at), this.#at);
  }

  has(name: string): boolean {
    return this.#values[name] !== undefined;
  }

  value(name: string): Json | undefined {
    return this.#values[name];
  }

  optional(name: string): string | undefined {
    const value = this.#values[name];
    return value === undefined ? undefined : stringAt(value, `${this.#at}.${name}`);
  }

  required(name: string): string {
    const value = this.optional(name);
    if (value === undefined || value === '') throw this.invalid(`must have a \`${name}\``);
    return value;
  }

  /** Everything else a template names has to be there already; a thing is made, and a call's names are checked before. */
  thingName(): string {
    const name = this.required('ThingName');
    if (/^[a-zA-Z0-9:_-]{1,128}$/.test(name)) return name;
    throw invalidTemplate(`${this.#at}.ThingName`, 'must be 1 to 128 of a-z A-Z 0-9 : _ -');
  }

  /** In whatever case: AWS's examples have `Active` beside `ACTIVE`. */
  oneOf<T extends string>(name: string, words: readonly T[]): T | undefined {
    const value = this.optional(name);
    if (value === undefined) return undefined;
    const word = words.find(one => one === value.toUpperCase());
    if (!word) throw invalidTemplate(`${this.#at}.${name}`, `must be one of ${words.join(', ')}`);
    return word;
  }

  list(name: string): readonly string[] | undefined {
    const value = this.#values[name];
    if (value === undefined) return undefined;
    if (!Array.isArray(value)) throw invalidTemplate(`${this.#at}.${name}`, 'must be a list');
    return value.map((item: Json, index) => stringAt(item, `${this.#at}.${name}[${index}]`));
  }

  strings(name: string): Record<string, string> | undefined {
    const value = this.#values[name];
    if (value === undefined) return undefined;
    const at = `${this.#at}.${name}`;
    const members = Object.entries(objectAt(value, at));
    return Object.fromEntries(members.map(([member, inner]) => [member, stringAt(inner, `${at}.${member}`)]));
  }

  invalid(problem: string): Error {
    return invalidTemplate(this.#at, problem);
  }
}
