import { beforeEach, describe, expect, test } from 'vitest';
import { certificateArn } from '../identity/certificate.ts';
import { CertificateRegistration } from '../identity/certificate-registration.ts';
import { Certificates } from '../identity/certificate-service.ts';
import { testSigner } from '../identity/domain-fixtures.ts';
import { PolicyAttachments } from '../policy/policy-attachments.ts';
import { Policies } from '../policy/policy-service.ts';
import { BillingGroups } from '../registry/billing-group-service.ts';
import { ThingGroupMemberships } from '../registry/membership-service.ts';
import { principalAttachments } from '../registry/principal-attachments.ts';
import { ThingGroups } from '../registry/thing-group-service.ts';
import { ThingPrincipals } from '../registry/thing-principal-service.ts';
import { Things } from '../registry/thing-service.ts';
import { ThingTypes } from '../registry/thing-type-service.ts';
import { certificateDer, identity, toPem } from '../testing/certificates.ts';
import { openDomain, realm, type TestDomain } from '../testing/domain.ts';
import { Registration, type RegistrationServices } from './registration.ts';
import { parseTemplate } from './template.ts';

let domain: TestDomain;
let services: RegistrationServices;
let registration: Registration;

beforeEach(async () => {
  domain = await openDomain();
  const certificates = new Certificates(domain, testSigner(), principalAttachments(domain.store));
  services = {
    things: new Things(domain),
    thingTypes: new ThingTypes(domain),
    thingGroups: new ThingGroups(domain),
    thingGroupMemberships: new ThingGroupMemberships(domain),
    billingGroups: new BillingGroups(domain),
    thingPrincipals: new ThingPrincipals(domain, certificates),
    certificates,
    certificateRegistration: new CertificateRegistration(domain),
    policies: new Policies(domain),
    policyAttachments: new PolicyAttachments(domain, certificates),
  };
  registration = new Registration(services);
  for (const thingTypeName of ['bulb', 'tube']) await services.thingTypes.create(realm, { thingTypeName });
  for (const thingGroupName of ['house', 'fleet']) await services.thingGroups.create(realm, { thingGroupName });
  await services.billingGroups.create(realm, { billingGroupName: 'plant' });
});

const register = (resources: object, parameters: Record<string, string> = {}) => {
  const names = Object.keys(parameters).map(name => [name, { Type: 'String' }]);
  const template = { Parameters: Object.fromEntries(names), Resources: resources };
  return registration.register(realm, parseTemplate(JSON.stringify(template)), parameters);
};
const thing = (properties: object = {}, OverrideSettings = {}) => ({
  Type: 'AWS::IoT::Thing',
  Properties: { ThingName: 'lamp', ...properties },
  OverrideSettings,
});
const certificate = (Properties: object, OverrideSettings = {}) => ({
  Type: 'AWS::IoT::Certificate',
  Properties,
  OverrideSettings,
});
const statement = { Effect: 'Allow', Action: 'iot:Publish', Resource: '*' };
const policy = {
  Type: 'AWS::IoT::Policy',
  Properties: { PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: statement }) },
};
const lamp = () => services.things.describe(realm, 'lamp');
const groupsOfLamp = async () => (await services.thingGroupMemberships.ofThing(realm, 'lamp', {})).items;

test('a device is registered whole: thing, type, groups, billing group, certificate, policy and what ties them', async () => {
  const resources = {
    device: thing({
      AttributePayload: { serial: { Ref: 'Serial' } },
      ThingTypeName: 'bulb',
      ThingGroups: ['house', 'fleet'],
      BillingGroup: 'plant',
    }),
    identity: certificate({ CertificateSigningRequest: 'csr', ThingPrincipalType: 'EXCLUSIVE_THING' }),
    permission: policy,
  };
  const { certificatePem, resourceArns } = await register(resources, { Serial: '42' });
  expect(certificatePem).toMatch(/^-----BEGIN CERTIFICATE-----/);
  const { items } = await services.thingPrincipals.ofThing(realm, 'lamp', {});
  expect(items).toEqual([
    { thingName: 'lamp', principal: resourceArns.identity, thingPrincipalType: 'EXCLUSIVE_THING' },
  ]);
  expect(resourceArns).toEqual({
    device: 'arn:aws:iot:eu-west-1:123456789012:thing/lamp',
    identity: expect.stringMatching(/^arn:aws:iot:eu-west-1:123456789012:cert\/[0-9a-f]{64}$/),
    permission: expect.stringMatching(/^arn:aws:iot:eu-west-1:123456789012:policy\/[0-9a-f]{64}$/),
  });
  expect(await lamp()).toMatchObject({
    thingTypeName: 'bulb',
    attributes: { serial: '42' },
    billingGroupName: 'plant',
  });
  expect(await groupsOfLamp()).toEqual(['fleet', 'house']);
  const attached = await services.policyAttachments.ofTarget(realm, resourceArns.identity!, {});
  expect(attached.items.map(item => `arn:aws:iot:eu-west-1:123456789012:policy/${item.policyName}`)).toEqual([
    resourceArns.permission,
  ]);
  expect((await services.certificates.describe(realm, resourceArns.identity!.slice(-64))).status).toBe('ACTIVE');
});

test('a thing alone needs no certificate', async () => {
  expect(await register({ thing: thing() })).toEqual({
    certificatePem: undefined,
    resourceArns: { thing: 'arn:aws:iot:eu-west-1:123456789012:thing/lamp' },
  });
});

test('a policy of the same document is made once, however many devices have it', async () => {
  for (const ThingName of ['a', 'b']) {
    await register({
      thing: thing({ ThingName }),
      certificate: certificate({ CertificateSigningRequest: 'x' }),
      policy,
    });
  }
  expect((await services.policies.list(realm, {})).items).toHaveLength(1);
});

describe('a thing that is there', () => {
  beforeEach(async () => {
    const present = { attributePayload: { attributes: { a: '1', b: '2' } }, thingTypeName: 'bulb' };
    await services.things.create(realm, { thingName: 'lamp', ...present });
    await services.thingGroupMemberships.change(realm, { thingName: 'lamp', add: ['house'] });
  });

  const wanted = { AttributePayload: { b: '3', c: '4' }, ThingTypeName: 'tube', ThingGroups: ['fleet'] };

  test.each([
    ['nothing is said', {}, { a: '1', b: '2' }, 'bulb', ['house']],
    [
      'DO_NOTHING is',
      { AttributePayload: 'DO_NOTHING', ThingTypeName: 'DO_NOTHING' },
      { a: '1', b: '2' },
      'bulb',
      ['house'],
    ],
    [
      'MERGE is',
      { AttributePayload: 'MERGE', ThingGroups: 'MERGE' },
      { a: '1', b: '3', c: '4' },
      'bulb',
      ['fleet', 'house'],
    ],
    [
      'REPLACE is',
      { AttributePayload: 'REPLACE', ThingTypeName: 'REPLACE', ThingGroups: 'REPLACE' },
      { b: '3', c: '4' },
      'tube',
      ['fleet'],
    ],
  ])('where %s of its properties', async (_, overrides, attributes, thingTypeName, groups) => {
    await register({ thing: thing(wanted, overrides) });
    expect(await lamp()).toMatchObject({ attributes, thingTypeName });
    expect(await groupsOfLamp()).toEqual(groups);
  });

  test.each(['AttributePayload', 'ThingTypeName', 'ThingGroups'])(
    'and differs in %s where FAIL is said stops the whole',
    async property => {
      const resources = {
        thing: thing(wanted, { [property]: 'FAIL' }),
        identity: certificate({ CertificateSigningRequest: 'x' }),
      };
      await expect(register(resources)).rejects.toMatchObject({ name: 'ConflictingResourceUpdateException' });
      expect((await services.certificates.list(realm)).items).toEqual([]);
    },
  );

  test('and is as it should be is no conflict', async () => {
    const same = { AttributePayload: { a: '1', b: '2' }, ThingTypeName: 'bulb', ThingGroups: ['house'] };
    const overrides = { AttributePayload: 'FAIL', ThingTypeName: 'FAIL', ThingGroups: 'FAIL' };
    await register({ thing: thing(same, overrides) });
    expect((await lamp()).version).toBe(1);
  });

  test('joins a billing group if it is in none', async () => {
    await services.billingGroups.create(realm, { billingGroupName: 'office' });
    await register({ thing: thing({ BillingGroup: 'plant' }) });
    await register({ thing: thing({ BillingGroup: 'office' }) });
    expect((await lamp()).billingGroupName).toBe('plant');
  });
});

describe('a certificate that is there', () => {
  let certificateId: string;
  beforeEach(async () => {
    ({ certificateId } = (await services.certificates.createWithKeys(realm)).certificate);
  });
  const status = async () => (await services.certificates.describe(realm, certificateId)).status;
  const registerIt = (properties: object, overrides = {}) =>
    register({ thing: thing(), certificate: certificate({ CertificateId: certificateId, ...properties }, overrides) });

  test.each([
    ['keeps its status where none is given', {}, {}, 'INACTIVE'],
    ['gets the one given', { Status: 'ACTIVE' }, {}, 'ACTIVE'],
    ['gets the one given, as AWS’s examples spell it', { Status: 'Active' }, { Status: 'REPLACE' }, 'ACTIVE'],
    ['keeps its status where that is to be left', { Status: 'ACTIVE' }, { Status: 'DO_NOTHING' }, 'INACTIVE'],
  ])('%s', async (_, properties, overrides, expected) => {
    const { resourceArns, certificatePem } = await registerIt(properties, overrides);
    expect(await status()).toBe(expected);
    expect(resourceArns.certificate).toBe(certificateArn(realm, certificateId));
    expect(certificatePem).toBe((await services.certificates.describe(realm, certificateId)).certificatePem);
  });

  test('and has another status where FAIL is said stops the whole', async () => {
    const refused = registerIt({ Status: 'ACTIVE' }, { Status: 'FAIL' });
    await expect(refused).rejects.toMatchObject({ name: 'ConflictingResourceUpdateException' });
    await expect(lamp()).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  test('and awaits its activation is activated, whatever is said of older ones', async () => {
    const pending = { sql: `update certificate set status = 'PENDING_ACTIVATION'`, parameters: [] };
    await domain.store.commit([pending]);
    await registerIt({ Status: 'ACTIVE' }, { Status: 'DO_NOTHING' });
    expect(await status()).toBe('ACTIVE');
  });
});

describe('nothing is written when', () => {
  test.each([
    [
      'the type is unknown',
      { thing: thing({ ThingTypeName: 'none' }) },
      'resource `thing`: thing type `none` not found',
    ],
    ['a group is', { thing: thing({ ThingGroups: ['house', 'none'] }) }, 'thing group `none` not found'],
    ['the billing group is', { thing: thing({ BillingGroup: 'none' }) }, 'billing group `none` not found'],
    ['the certificate is', { thing: thing(), it: certificate({ CertificateId: 'f'.repeat(64) }) }, 'resource `it`: '],
    [
      'a policy is',
      {
        thing: thing(),
        it: certificate({ CertificateSigningRequest: 'x' }),
        p: { ...policy, Properties: { PolicyName: 'none' } },
      },
      'resource `p`: policy `none` not found',
    ],
  ])('%s', async (_, resources, message) => {
    await expect(register(resources)).rejects.toMatchObject({
      name: 'ResourceRegistrationFailureException',
      message: expect.stringContaining(message),
    });
    expect((await services.things.list(realm, {})).items).toEqual([]);
    expect((await services.certificates.list(realm)).items).toEqual([]);
  });
});

describe('a certificate given as PEM', () => {
  const byPem = (CertificatePem: string, Status?: string) =>
    register({ thing: thing(), it: certificate({ CertificatePem, ...(Status && { Status }) }) });

  test('that no registered CA signed is the registration’s failure', async () => {
    const stranger = identity('stranger');
    const refused = byPem(toPem(certificateDer(stranger, stranger)));
    await expect(refused).rejects.toMatchObject({ name: 'ResourceRegistrationFailureException' });
  });

  test('that is registered already is the one that is there', async () => {
    const { certificate: own } = await services.certificates.createWithKeys(realm);
    const { resourceArns } = await byPem(own.certificatePem, 'ACTIVE');
    expect(resourceArns.it).toBe(certificateArn(realm, own.certificateId));
    expect((await services.certificates.describe(realm, own.certificateId)).status).toBe('ACTIVE');
  });
});

test('many at once are each registered once', async () => {
  const many = Array.from({ length: 20 }, (_, index) => ({
    thing: thing({ ThingName: `lamp-${index % 10}`, ThingGroups: ['fleet'] }),
    certificate: certificate({ CertificateSigningRequest: 'x' }),
    policy,
  }));
  await Promise.all(many.map(resources => register(resources)));
  expect((await services.things.list(realm, {})).items).toHaveLength(10);
  expect((await services.policies.list(realm, {})).items).toHaveLength(1);
});
