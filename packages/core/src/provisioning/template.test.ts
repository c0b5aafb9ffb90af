import { describe, expect, test } from 'vitest';
import { evaluate, scopeOf } from './functions.ts';
import { resourcesOf } from './resources.ts';
import { type Json, parseTemplate } from './template.ts';

const thing = { Type: 'AWS::IoT::Thing', Properties: { ThingName: 'lamp' } };
const certificate = { Type: 'AWS::IoT::Certificate', Properties: { CertificateId: 'a'.repeat(64) } };
const policy = { Type: 'AWS::IoT::Policy', Properties: { PolicyName: 'fleet' } };

const refusal = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
  return 'accepted';
};

describe('a template that is refused says where:', () => {
  test.each<[unknown, string]>([
    [[], '`template` must be an object'],
    [{}, '`Resources` is missing'],
    [{ Resources: {} }, '`Resources` declares nothing'],
    [{ Resources: { thing }, Outputs: {} }, '`template` has no `Outputs`'],
    [{ Resources: { thing: { Type: 'AWS::S3::Bucket' } } }, '`Resources.thing.Type` must be one of AWS::IoT::Thing'],
    [{ Resources: { thing: { ...thing, DependsOn: 'x' } } }, '`Resources.thing` has no `DependsOn`'],
    [{ Resources: { a: thing, b: thing } }, '`Resources` declares more than one AWS::IoT::Thing'],
    [{ Resources: { thing, policy } }, '`Resources` declares a policy, but no certificate'],
    [{ Resources: { thing }, Parameters: { A: { Type: 'Number' } } }, '`Parameters.A.Type` must be `String`'],
    [
      { Resources: { thing }, Parameters: { A: { Type: 'String', Default: 1 } } },
      '`Parameters.A.Default` must be a str',
    ],
  ])('%j', (template, message) => {
    const refused = refusal(() => parseTemplate(JSON.stringify(template)));
    expect(refused).toContain(`InvalidRequestException: provisioning template is invalid: ${message}`);
  });

  test('text that is not JSON', () => {
    expect(refusal(() => parseTemplate('{'))).toContain('`template` is not JSON: ');
  });
});

const scope = {
  parameters: new Map([
    ['Serial', '42'],
    ['Place', 'Seattle'],
    ['List', 'a,b,c'],
    ['AWS::IoT::Certificate::Country', 'NO'],
  ]),
  mappings: { Table: { Seattle: { Url: 'https://example.com', Ports: ['1', '2'] } } },
};

describe('functions', () => {
  test.each<[Json, Json]>([
    ['plain', 'plain'],
    [
      [1, true, null],
      [1, true, null],
    ],
    [{ Ref: 'Serial' }, '42'],
    [{ Ref: 'AWS::IoT::Certificate::Country' }, 'NO'],
    [{ a: [{ b: { Ref: 'Serial' } }] }, { a: [{ b: '42' }] }],
    [{ 'Fn::Join': ['-', ['lamp', { Ref: 'Serial' }]] }, 'lamp-42'],
    [{ 'Fn::Join': ['', ['a', 'b']] }, 'ab'],
    [{ 'Fn::Join': ['+', { 'Fn::Split': [',', { Ref: 'List' }] }] }, 'a+b+c'],
    [{ 'Fn::Split': [',', 'x'] }, ['x']],
    [{ 'Fn::Select': [1, { 'Fn::Split': [',', { Ref: 'List' }] }] }, 'b'],
    [{ 'Fn::Select': ['0', ['first']] }, 'first'],
    [{ 'Fn::FindInMap': ['Table', { Ref: 'Place' }, 'Url'] }, 'https://example.com'],
    [{ 'Fn::FindInMap': ['Table', 'Seattle', 'Ports'] }, ['1', '2']],
    [{ 'Fn::Sub': 'lamp-${Serial}/${!iot:Connection.Thing.ThingName}' }, 'lamp-42/${iot:Connection.Thing.ThingName}'],
    [{ 'Fn::Sub': ['${Serial}${x}${x}', { x: { Ref: 'Place' } }] }, '42SeattleSeattle'],
    [{ 'Fn::Sub': ['${Serial}', { Serial: 'own' }] }, 'own'],
  ])('%j is %j', (value, result) => {
    expect(evaluate(value, scope, 'here')).toEqual(result);
  });

  test.each<[Json, string]>([
    [{ Ref: 'Unknown' }, '`here.Ref` refers to `Unknown`, which has no value'],
    [{ Ref: 'constructor' }, 'refers to `constructor`'],
    [{ Ref: ['Serial'] }, '`here.Ref` must be a string'],
    [{ Ref: 'Serial', also: 'this' }, '`here` has members beside `Ref`'],
    [{ 'Fn::Base64': 'x' }, '`here` calls `Fn::Base64`, which is no function'],
    [{ 'Fn::Join': ['-'] }, '`here.Fn::Join` takes 2 values, not 1'],
    [{ 'Fn::Join': ['-', ['a', { b: 'c' }]] }, '`here.Fn::Join[1][1]` must be a string'],
    [{ 'Fn::Select': [3, ['a']] }, '`here.Fn::Select` selects nothing: index 3'],
    [{ 'Fn::Select': [0, [null]] }, 'selects nothing'],
    [{ 'Fn::Select': ['x', ['a']] }, '`here.Fn::Select[0]` must be a number'],
    [{ 'Fn::FindInMap': ['Table', 'Oslo', 'Url'] }, 'finds nothing: there is no `Oslo` of Table.Oslo.Url'],
    [{ 'Fn::FindInMap': ['toString', 'Oslo', 'Url'] }, 'finds nothing: there is no `toString`'],
    [{ 'Fn::Split': [',', ['a']] }, '`here.Fn::Split[1]` must be a string'],
    [{ 'Fn::Sub': '${Unknown}' }, '`here.Fn::Sub` refers to `Unknown`'],
    [{ 'Fn::Sub': ['${x}', { x: ['a'] }] }, 'must be a string'],
  ])('%j is refused', (value, message) => {
    expect(refusal(() => evaluate(value, scope, 'here'))).toContain(message);
  });

  test('take a parameter’s default where no value is given, and nothing the template does not declare', () => {
    const template = parseTemplate(
      JSON.stringify({
        Parameters: { Place: { Type: 'String', Default: 'WA' }, Serial: { Type: 'String' } },
        Resources: { thing },
      }),
    );
    expect([...scopeOf(template, {}).parameters]).toEqual([['Place', 'WA']]);
    const given = { Place: 'OR', Serial: '1', Other: 'x', 'AWS::IoT::Certificate::Id': 'c' };
    expect(Object.fromEntries(scopeOf(template, given).parameters)).toEqual({
      Place: 'OR',
      Serial: '1',
      'AWS::IoT::Certificate::Id': 'c',
    });
  });
});

const resources = (declared: object, parameters: Record<string, string> = {}) => {
  const names = Object.keys(parameters).map(name => [name, { Type: 'String' }]);
  const template = parseTemplate(JSON.stringify({ Parameters: Object.fromEntries(names), Resources: declared }));
  return resourcesOf(template, scopeOf(template, parameters));
};

describe('resources', () => {
  test('have AWS’s properties, with functions evaluated', () => {
    const declared = {
      thing: {
        Type: 'AWS::IoT::Thing',
        Properties: {
          ThingName: { 'Fn::Join': ['-', ['lamp', { Ref: 'Serial' }]] },
          AttributePayload: { version: 'v1', serial: { Ref: 'Serial' } },
          ThingTypeName: 'bulb',
          ThingGroups: ['bulbs', { Ref: 'Place' }],
          BillingGroup: 'plant',
        },
        OverrideSettings: { AttributePayload: 'MERGE', ThingTypeName: 'REPLACE' },
      },
      certificate: {
        Type: 'AWS::IoT::Certificate',
        Properties: {
          CertificateSigningRequest: { Ref: 'CSR' },
          Status: 'Active',
          ThingPrincipalType: 'EXCLUSIVE_THING',
        },
      },
      policy,
      made: { Type: 'AWS::IoT::Policy', Properties: { PolicyDocument: { Statement: { Resource: { Ref: 'Place' } } } } },
    };
    expect(resources(declared, { Serial: '42', Place: 'WA', CSR: 'csr' })).toEqual({
      thing: {
        logicalName: 'thing',
        thingName: 'lamp-42',
        attributes: { version: 'v1', serial: '42' },
        thingTypeName: 'bulb',
        thingGroups: ['bulbs', 'WA'],
        billingGroup: 'plant',
        overrides: { AttributePayload: 'MERGE', ThingTypeName: 'REPLACE', ThingGroups: 'DO_NOTHING' },
      },
      certificate: {
        logicalName: 'certificate',
        source: { certificateSigningRequest: 'csr' },
        status: 'ACTIVE',
        thingPrincipalType: 'EXCLUSIVE_THING',
        statusOverride: 'REPLACE',
      },
      policies: [
        { logicalName: 'policy', policyName: 'fleet', policyDocument: undefined },
        {
          logicalName: 'made',
          policyName: expect.stringMatching(/^[0-9a-f]{64}$/),
          policyDocument: '{"Statement":{"Resource":"WA"}}',
        },
      ],
    });
  });

  const withThing = (properties: object, OverrideSettings = {}) => ({
    thing: { Type: 'AWS::IoT::Thing', Properties: { ThingName: 'lamp', ...properties }, OverrideSettings },
  });
  const withCertificate = (Properties: object, OverrideSettings = {}) => ({
    certificate: { Type: 'AWS::IoT::Certificate', Properties, OverrideSettings },
  });
  const withPolicy = (Properties: object, OverrideSettings = {}) => ({
    certificate,
    policy: { Type: 'AWS::IoT::Policy', Properties, OverrideSettings },
  });

  test.each<[object, string]>([
    [{ thing: { Type: 'AWS::IoT::Thing' } }, '`Resources.thing.Properties` must have a `ThingName`'],
    [withThing({ ThingName: 'not/a/name' }), '`Resources.thing.Properties.ThingName` must be 1 to 128 of'],
    [withThing({ Color: 'red' }), '`Resources.thing.Properties` has no `Color`'],
    [withThing({ AttributePayload: { a: 1 } }), '`Resources.thing.Properties.AttributePayload.a` must be a string'],
    [withThing({ ThingGroups: 'bulbs' }), '`Resources.thing.Properties.ThingGroups` must be a list'],
    [withThing({}, { ThingTypeName: 'MERGE' }), '`Resources.thing.OverrideSettings.ThingTypeName` must be one of DO_'],
    [withThing({}, { ThingName: 'FAIL' }), '`Resources.thing.OverrideSettings` has no `ThingName`'],
    [withCertificate({}), 'must have one of CertificateSigningRequest, CertificateId, CertificatePem'],
    [withCertificate({ CertificateId: 'a', CertificatePem: 'b' }), 'must have one of'],
    [withCertificate({ CertificateId: 'a', CACertificatePem: 'b' }), 'has a `CACertificatePem` without'],
    [withCertificate({ CertificateId: 'a', Status: 'REVOKED' }), 'Status` must be one of ACTIVE, INACTIVE'],
    [withCertificate({ CertificateId: 'a' }, { Status: 'MERGE' }), 'OverrideSettings.Status` must be one of'],
    [withPolicy({}), 'must have either a `PolicyName` or a `PolicyDocument`'],
    [withPolicy({ PolicyName: 'a', PolicyDocument: '{}' }), 'must have either'],
    [
      withPolicy({ PolicyName: 'a' }, { PolicyName: 'FAIL' }),
      '`Resources.policy.OverrideSettings` has no `PolicyName`',
    ],
  ])('%j are refused', (declared, message) => {
    expect(refusal(() => resources(declared))).toContain(message);
  });
});
