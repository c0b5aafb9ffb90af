import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compilePolicy } from './compile.ts';
import type { ConnectionFacts } from './context.ts';
import { parsePolicy } from './document.ts';
import { bindPolicies, type Decision } from './evaluate.ts';
import { allow, any, arn, bind, contextOf, deny, documentOf, policyOf } from './fixtures.ts';

const fleet = [
  allow('iot:Connect', any('client/${iot:Connection.Thing.ThingName}'), {
    Condition: { Bool: { 'iot:Connection.Thing.IsAttached': 'true' } },
  }),
  allow(['iot:Publish', 'iot:Receive'], any('topic/$aws/things/${iot:Connection.Thing.ThingName}/*')),
  allow('iot:Subscribe', any('topicfilter/$aws/things/${iot:Connection.Thing.ThingName}/*')),
];
const plant = [
  allow('iot:Connect', any('client/*')),
  allow('iot:Subscribe', any('topicfilter/plant/*')),
  allow('iot:Receive', any('topic/plant/*')),
  deny('iot:Receive', any('topic/plant/keys/*')),
];
const groupPolicy = [allow('iot:Publish', any('topic/g'))];
const commonName = [allow('iot:Publish', any('topic/${iot:Certificate.Subject.CommonName}/*'))];

const attached = { thing: { thingName: 'd1', thingTypeName: 'Lamp', attributes: { site: 'north' } }, isAttached: true };
const named = (name: string): Partial<ConnectionFacts> => ({
  certificate: {
    subject: { CommonName: [name] },
    issuer: {},
    subjectAlternativeNames: {},
    issuerAlternativeNames: {},
    serialNumber: '1',
  },
});
const from = (sourceIp: string) => ({ sourceIp });
const office = [
  allow('iot:Connect', any('client/*'), { Condition: { IpAddress: { 'aws:SourceIp': '192.0.2.0/24' } } }),
];

type Row = readonly [string, readonly ReturnType<typeof allow>[], Partial<ConnectionFacts>, string, string, Decision];

test.each<Row>([
  ['own client id', fleet, attached, 'iot:Connect', 'client/d1', 'allowed'],
  ["another's client id", fleet, attached, 'iot:Connect', 'client/d2', 'implicitDeny'],
  ['not attached', fleet, { ...attached, isAttached: false }, 'iot:Connect', 'client/d1', 'implicitDeny'],
  ['no thing', fleet, { isAttached: false }, 'iot:Connect', 'client/d1', 'implicitDeny'],
  ['own shadow', fleet, attached, 'iot:Publish', 'topic/$aws/things/d1/shadow/update', 'allowed'],
  ["another's shadow", fleet, attached, 'iot:Publish', 'topic/$aws/things/d2/shadow/update', 'implicitDeny'],
  ['own filter', fleet, attached, 'iot:Subscribe', 'topicfilter/$aws/things/d1/#', 'allowed'],
  ['a filter over all', fleet, attached, 'iot:Subscribe', 'topicfilter/$aws/things/+/#', 'implicitDeny'],
  ['the wide filter', plant, {}, 'iot:Subscribe', 'topicfilter/plant/#', 'allowed'],
  ['a secret below it', plant, {}, 'iot:Receive', 'topic/plant/keys/a', 'explicitDeny'],
  ['the rest below it', plant, {}, 'iot:Receive', 'topic/plant/x', 'allowed'],
  ['a + for a level', [allow('iot:Publish', any('topic/a/+/c'))], {}, 'iot:Publish', 'topic/a/b/c', 'implicitDeny'],
  ['a deny', [allow('iot:*', '*'), deny('iot:Publish', any('topic/z'))], {}, 'iot:Publish', 'topic/z', 'explicitDeny'],
  [
    'beside a deny',
    [allow('iot:*', '*'), deny('iot:Publish', any('topic/z'))],
    {},
    'iot:Publish',
    'topic/y',
    'allowed',
  ],
  ['Publish is not RetainPublish', [allow('iot:Publish', '*')], {}, 'iot:RetainPublish', 'topic/a', 'implicitDeny'],
  ['RetainPublish', [allow(['iot:Publish', 'iot:RetainPublish'], '*')], {}, 'iot:RetainPublish', 'topic/a', 'allowed'],
  [
    'topic for topicfilter',
    [allow('iot:Subscribe', any('topic/a'))],
    {},
    'iot:Subscribe',
    'topicfilter/a',
    'implicitDeny',
  ],
  ['an unsafe common name', commonName, named('a*b'), 'iot:Publish', 'topic/a*b/x', 'implicitDeny'],
  ['a common name', commonName, named('ab'), 'iot:Publish', 'topic/ab/x', 'allowed'],
  ["a group's policy", groupPolicy, attached, 'iot:Publish', 'topic/g', 'allowed'],
  ['without the group', plant, attached, 'iot:Publish', 'topic/g', 'implicitDeny'],
  ['from the office', office, from('192.0.2.77'), 'iot:Connect', 'client/c', 'allowed'],
  ['from elsewhere', office, from('198.51.100.1'), 'iot:Connect', 'client/c', 'implicitDeny'],
  [
    'type',
    [allow('iot:Publish', any('topic/${iot:Connection.Thing.ThingTypeName}/up'))],
    attached,
    'iot:Publish',
    'topic/Lamp/up',
    'allowed',
  ],
  [
    'attribute',
    [allow('iot:Publish', any('topic/${iot:Connection.Thing.Attributes[site]}/*'))],
    attached,
    'iot:Publish',
    'topic/north/1',
    'allowed',
  ],
])('%s', (_, statements, facts, action, resource, expected) => {
  expect(bind(statements, facts).decide(action, arn(resource))).toBe(expected);
});

describe('variables', () => {
  const own = [allow('iot:Publish', any('topic/${iot:ClientId}/*'))];

  test('a value is compared literally: the client id `*` is no wildcard', () => {
    expect(bind(own, { clientId: '*' }).decide('iot:Publish', arn('topic/d1/x'))).toBe('implicitDeny');
    expect(bind(own, { clientId: '*' }).decide('iot:Publish', arn('topic/*/x'))).toBe('allowed');
    expect(bind(own, { clientId: 'd?' }).decide('iot:Publish', arn('topic/d1/x'))).toBe('implicitDeny');
    expect(
      bind(own, { clientId: '${iot:Connection.Thing.ThingName}', ...attached }).decide(
        'iot:Publish',
        arn('topic/d1/x'),
      ),
    ).toBe('implicitDeny');
  });

  test('one without value allows nothing and denies nothing', () => {
    expect(bind(own).decide('iot:Publish', arn('topic/d1/x'))).toBe('implicitDeny');
    const denied = [allow('iot:*', '*'), deny('iot:Publish', any('topic/${iot:ClientId}/*'))];
    expect(bind(denied).decide('iot:Publish', arn('topic/d1/x'))).toBe('allowed');
  });

  test('a default stands in for a missing value', () => {
    const policy = [allow('iot:Publish', any("topic/${iot:Connection.Thing.Attributes[site], 'all'}/x"))];
    expect(bind(policy).decide('iot:Publish', arn('topic/all/x'))).toBe('allowed');
    expect(bind(policy, attached).decide('iot:Publish', arn('topic/all/x'))).toBe('implicitDeny');
  });

  test('each connection has its own, though the policy is compiled once', () => {
    const policy = policyOf(...own);
    const first = bindPolicies([policy], contextOf({ clientId: 'a' }));
    const second = bindPolicies([policy], contextOf({ clientId: 'b' }));
    expect(first.decide('iot:Publish', arn('topic/a/x'))).toBe('allowed');
    expect(second.decide('iot:Publish', arn('topic/a/x'))).toBe('implicitDeny');
    expect(second.decide('iot:Publish', arn('topic/b/x'))).toBe('allowed');
  });
});

describe('actions and resources', () => {
  test.each([
    ['*', 'iot:Publish', 'allowed'],
    ['iot:*', 'iot:Publish', 'allowed'],
    ['iot:Pub*', 'iot:Publish', 'allowed'],
    ['IOT:publish', 'iot:Publish', 'allowed'],
    ['iot:Publis?', 'iot:Publish', 'allowed'],
    ['iot:Publish', 'iot:PublishMore', 'implicitDeny'],
    ['Publish', 'iot:Publish', 'implicitDeny'],
    ['iotjobsdata:UpdateJobExecution', 'iotjobsdata:UpdateJobExecution', 'allowed'],
    ['iot:UpdateJobExecution', 'iotjobsdata:UpdateJobExecution', 'allowed'],
    ['iotjobsdata:*', 'iot:Publish', 'implicitDeny'],
  ])('the action %s and a request for %s: %s', (pattern, action, expected) => {
    expect(bind([allow(pattern, '*')]).decide(action, arn('thing/d1'))).toBe(expected);
  });

  test('NotAction is about every other action', () => {
    const bound = bind([{ Effect: 'Allow', NotAction: ['iot:Publish', 'iot:Ret*'], Resource: '*' }]);
    expect(bound.decide('iot:Publish', arn('topic/a'))).toBe('implicitDeny');
    expect(bound.decide('iot:RetainPublish', arn('topic/a'))).toBe('implicitDeny');
    expect(bound.decide('iot:Receive', arn('topic/a'))).toBe('allowed');
  });

  test('NotResource is about every other resource', () => {
    const bound = bind([
      allow('iot:*', '*'),
      { Effect: 'Deny', Action: 'iot:Receive', NotResource: [any('topic/a/*'), any('topic/b')] },
    ]);
    expect(bound.decide('iot:Receive', arn('topic/a/x'))).toBe('allowed');
    expect(bound.decide('iot:Receive', arn('topic/b'))).toBe('allowed');
    expect(bound.decide('iot:Receive', arn('topic/c'))).toBe('explicitDeny');
  });

  test('NotResource of another realm is about everything in this one', () => {
    const elsewhere = 'arn:aws:iot:eu-west-1:111111111111:topic/*';
    const bound = bind([{ Effect: 'Allow', Action: 'iot:Receive', NotResource: elsewhere }]);
    expect(bound.decide('iot:Receive', arn('topic/c'))).toBe('allowed');
  });

  test('an action without resource is decided on `*`', () => {
    expect(bind([allow('iot:ListRetainedMessages', '*')]).decide('iot:ListRetainedMessages', '*')).toBe('allowed');
    expect(bind([allow('iot:ListRetainedMessages', any('*'))]).decide('iot:ListRetainedMessages', '*')).toBe(
      'implicitDeny',
    );
  });

  test('one binding decides on several realms and on no realm, in any order', () => {
    const bound = bind([allow('iot:Publish', ['arn:aws:iot:us-east-1:*:topic/a', 'nowhere'])]);
    const abroad = 'arn:aws:iot:eu-west-1:000000000000:topic/a';
    for (let round = 0; round < 2; round++) {
      expect(bound.decide('iot:Publish', arn('topic/a'))).toBe('allowed');
      expect(bound.decide('iot:Publish', abroad)).toBe('implicitDeny');
      expect(bound.decide('iot:Publish', 'nowhere')).toBe('allowed');
      expect(bound.decide('iot:Publish', 'nowhere else')).toBe('implicitDeny');
    }
  });

  test('connections of several realms share a policy and not its answers', () => {
    const policy = policyOf(allow('iot:Publish', 'arn:aws:iot:us-east-1:*:topic/a'));
    const abroad = 'arn:aws:iot:eu-west-1:000000000000:topic/a';
    const decide = (resource: string) => bindPolicies([policy], contextOf()).decide('iot:Publish', resource);
    expect([arn('topic/a'), abroad, arn('topic/a')].map(decide)).toEqual(['allowed', 'implicitDeny', 'allowed']);
  });

  test('many literal resources are decided as few are', () => {
    const topics = Array.from({ length: 20 }, (_, index) => any(`topic/${index}`));
    const bound = bind([allow('iot:Publish', [...topics, any('topic/x/*')])]);
    expect(bound.decide('iot:Publish', arn('topic/19'))).toBe('allowed');
    expect(bound.decide('iot:Publish', arn('topic/20'))).toBe('implicitDeny');
    expect(bound.decide('iot:Publish', arn('topic/x/20'))).toBe('allowed');
  });
});

test('variables are plain text in the older language', () => {
  const text = documentOf(allow('iot:Publish', any('topic/${iot:ClientId}'))).replace('2012-10-17', '2008-10-17');
  const bound = bindPolicies([compilePolicy('old', parsePolicy(text))], contextOf({ clientId: 'c' }));
  expect(bound.decide('iot:Publish', arn('topic/c'))).toBe('implicitDeny');
});

describe('time', () => {
  const until = (date: string, more = {}) => ({ Condition: { DateLessThan: { 'aws:CurrentTime': date }, ...more } });

  test('a condition on it is asked again for each decision', () => {
    let now = Date.UTC(2027, 0, 1);
    const bound = bind([allow('iot:Publish', any('topic/a'), until('2027-01-02'))], { now: () => now });
    expect(bound.decide('iot:Publish', arn('topic/a'))).toBe('allowed');
    expect(bound.decide('iot:Publish', arn('topic/b'))).toBe('implicitDeny');
    now = Date.UTC(2027, 0, 3);
    expect(bound.decide('iot:Publish', arn('topic/a'))).toBe('implicitDeny');
    expect(bound.explain('iot:Publish', arn('topic/a')).decision).toBe('implicitDeny');
  });

  test('it may stand in a resource', () => {
    let now = 7000;
    const bound = bind([allow('iot:Publish', any('topic/${aws:EpochTime}'))], { now: () => now });
    expect(bound.decide('iot:Publish', arn('topic/7'))).toBe('allowed');
    now = 8000;
    expect(bound.decide('iot:Publish', arn('topic/7'))).toBe('implicitDeny');
  });

  test('decisions are cacheable unless a statement that could apply reads it', () => {
    expect(bind([allow('iot:*', '*')]).cacheable).toBe(true);
    expect(bind([allow('iot:*', '*', until('2027-01-02'))]).cacheable).toBe(false);
    expect(bind([deny('iot:*', '*', { Condition: { NumericLessThan: { 'aws:EpochTime': 1 } } })]).cacheable).toBe(
      false,
    );
    const onlySecure = until('2027-01-02', { Bool: { 'aws:SecureTransport': 'true' } });
    expect(bind([allow('iot:*', '*', onlySecure)], { secureTransport: false }).cacheable).toBe(true);
    expect(bind([allow('iot:*', '*', onlySecure)], { secureTransport: true }).cacheable).toBe(false);
    const afterConnect = until('2027-01-02', { 'ForAllValues:StringEquals': { 'iot:ConnectAttributes': [] } });
    expect(bind([allow('iot:*', '*', afterConnect)], { connectAttributes: ['LastWill'] }).cacheable).toBe(false);
  });
});

describe('laws', () => {
  const action = fc.constantFrom('iot:Connect', 'iot:Publish', 'iot:Receive');
  const name = fc.constantFrom('topic/a', 'topic/a/b', 'client/c', 'topic/c', 'topic/*');
  const resource = fc.oneof(
    fc.constantFrom(
      '*',
      'arn:aws:iot:*',
      any('*'),
      any('topic/*'),
      any('topic/?'),
      any('*/${iot:ClientId}'),
      any('topic/${iot:X}'),
    ),
    name.map(any),
    name.map(arn),
  );
  const condition = fc.constantFrom(
    undefined,
    { Bool: { 'aws:SecureTransport': 'true' } },
    { StringEquals: { 'iot:ClientId': 'c' } },
    { 'ForAllValues:StringEquals': { 'iot:ConnectAttributes': ['LastWill'] } },
    { DateLessThan: { 'aws:CurrentTime': '2027-02-01' } },
    { StringNotLike: { 'aws:UserAgent': 'a*' } },
  );
  const patterns = fc.array(fc.oneof(action, fc.constantFrom('iot:*', '*', 'iot:P*')), { minLength: 1, maxLength: 2 });
  const statement = fc
    .record({
      Effect: fc.constantFrom('Allow', 'Allow', 'Deny'),
      actionElement: fc.constantFrom('Action', 'Action', 'NotAction'),
      actions: patterns,
      resourceElement: fc.constantFrom('Resource', 'Resource', 'NotResource'),
      resources: fc.array(resource, { minLength: 1, maxLength: 3 }),
      Condition: condition,
    })
    .map(({ actionElement, actions, resourceElement, resources, ...rest }) => ({
      ...rest,
      [actionElement]: actions,
      [resourceElement]: resources,
    }));
  const policies = fc.array(fc.array(statement, { minLength: 1, maxLength: 3 }), { maxLength: 4 });
  const facts: fc.Arbitrary<Partial<ConnectionFacts>> = fc.record(
    {
      clientId: fc.constantFrom('a', 'c', '*'),
      secureTransport: fc.boolean(),
      userAgent: fc.constantFrom('a', 'b'),
      connectAttributes: fc.subarray(['PersistentConnect', 'LastWill']),
    },
    { requiredKeys: [] },
  );
  const request = fc.record({ action, resource: name.map(arn) });
  type Statements = readonly Readonly<Record<string, unknown>>[];
  const bindAll = (documents: readonly Statements[], known: Partial<ConnectionFacts>) =>
    bindPolicies(
      documents.map((statements, index) => compilePolicy(`p${index}`, parsePolicy(documentOf(...statements)))),
      contextOf(known),
    );

  test('a deny wins over everything', () => {
    fc.assert(
      fc.property(policies, facts, request, (documents, known, { action, resource }) => {
        const denied = bindAll([...documents, [deny(action, resource)]], known);
        expect(denied.decide(action, resource)).toBe('explicitDeny');
      }),
    );
  });

  test('one more allow never takes a permission away', () => {
    fc.assert(
      fc.property(policies, statement, facts, request, (documents, extra, known, { action, resource }) => {
        const before = bindAll(documents, known).decide(action, resource);
        const after = bindAll([...documents, [{ ...extra, Effect: 'Allow' }]], known).decide(action, resource);
        if (before === 'implicitDeny') expect(after).not.toBe('explicitDeny');
        else expect(after).toBe(before);
      }),
    );
  });

  test('the order of statements and of policies is irrelevant', () => {
    fc.assert(
      fc.property(policies, facts, request, (documents, known, { action, resource }) => {
        const reversed = documents.map(statements => statements.toReversed()).toReversed();
        const flat = documents.length === 0 ? [] : [documents.flat()];
        const decision = bindAll(documents, known).decide(action, resource);
        expect(bindAll(reversed, known).decide(action, resource)).toBe(decision);
        // Long ones do not fit into one document: 2048 characters, and a few for what surrounds them.
        if (JSON.stringify(flat).length < 1990) expect(bindAll(flat, known).decide(action, resource)).toBe(decision);
      }),
    );
  });

  test('no policy, no permission', () => {
    fc.assert(
      fc.property(facts, request, (known, { action, resource }) => {
        expect(bindAll([], known).decide(action, resource)).toBe('implicitDeny');
      }),
    );
  });

  test('an explanation names the decision that was made, and its suggestion would have changed it', () => {
    fc.assert(
      fc.property(policies, facts, request, (documents, known, { action, resource }) => {
        const bound = bindAll(documents, known);
        const decision = bound.decide(action, resource);
        const explanation = bound.explain(action, resource);
        expect(explanation.decision).toBe(decision);
        expect(explanation.suggestion === '').toBe(decision !== 'implicitDeny');
        if (decision !== 'implicitDeny') return;
        const helped = bindAll([...documents, [JSON.parse(explanation.suggestion)]], known);
        expect(helped.decide(action, resource)).toBe('allowed');
      }),
      { numRuns: 500 },
    );
  });

  test('a decision is the same the second time, whatever was decided in between', () => {
    fc.assert(
      fc.property(policies, facts, fc.array(request, { minLength: 1 }), (documents, known, requests) => {
        const bound = bindAll(documents, known);
        const first = requests.map(({ action, resource }) => bound.decide(action, resource));
        const second = requests.map(({ action, resource }) => bound.decide(action, resource));
        const fresh = requests.map(({ action, resource }) => bindAll(documents, known).decide(action, resource));
        expect(second).toEqual(first);
        expect(fresh).toEqual(first);
      }),
    );
  });
});
