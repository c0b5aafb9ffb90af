import { expect, test } from 'vitest';
import { parsePolicy } from './document.ts';
import { allow, any, deny, documentOf } from './fixtures.ts';
import { lintPolicy } from './lint.ts';

type Statement = ReturnType<typeof allow>;

const lint = (statement: Statement, operations?: readonly string[]) =>
  lintPolicy(parsePolicy(documentOf(statement)), operations).map(({ place, message }) => `${place}: ${message}`);

test.each<[string, Statement, readonly string[] | undefined]>([
  ['everything', allow('*', '*'), []],
  ['all of IoT', allow('iot:*', 'arn:aws:iot:*'), []],
  ['a device', allow(['iot:Publish', 'iot:Subscribe'], [any('topic/a/*'), any('topicfilter/a/#')]), []],
  ['lower case', allow('iot:publish', any('topic/a')), []],
  ['an operation that is known', allow('iot:CreateThing', any('thing/*')), ['CreateThing']],
  ['an operation that may be', allow('iot:CreateThing', any('thing/*')), undefined],
  ['jobs under either name', allow(['iotjobsdata:UpdateJobExecution', 'iot:UpdateJobExecution'], any('thing/t')), []],
  ['a type that is not fixed', allow('iot:Publish', any('topic*')), []],
  ['reserved topics', allow('iot:Publish', any('topic/$aws/things/${iot:Connection.Thing.ThingName}/*')), []],
  ['a certificate', allow('iot:Publish', any('topic/${iot:Certificate.Subject.CommonName.1}')), []],
  [
    'a set',
    deny('iot:Connect', '*', { Condition: { 'ForAnyValue:StringEquals': { 'iot:ConnectAttributes': 'LastWill' } } }),
    [],
  ],
  ['actions without resource', allow('iot:ListRetainedMessages', '*'), []],
])('%s is nothing to warn of', (_, statement, operations) => {
  expect(lint(statement, operations)).toEqual([]);
});

test.each<[Statement, readonly string[]]>([
  [allow('iot:Pubish', '*'), ['Statement[0].Action: `iot:Pubish` is not an IoT action; did you mean `iot:Publish`?']],
  [allow('s3:GetObject', '*'), ['Statement[0].Action: `s3:GetObject` is not an IoT action']],
  [allow('Publish', '*'), ['Statement[0].Action: `Publish` is not an IoT action']],
  [
    { Effect: 'Deny', NotAction: 'iot:Conect', Resource: '*' },
    ['Statement[0].NotAction: `iot:Conect` is not an IoT action; did you mean `iot:Connect`?'],
  ],
  [
    allow('iot:Subscribe', any('topic/a')),
    ['Statement[0].Action: `iot:Subscribe` never applies here: it is decided on `topicfilter/…`'],
  ],
  [
    allow(['iot:Publish', 'iot:Connect'], any('topic/a')),
    ['Statement[0].Action: `iot:Connect` never applies here: it is decided on `client/…`'],
  ],
  [
    allow('iot:ListRetainedMessages', any('topic/a')),
    ['Statement[0].Action: `iot:ListRetainedMessages` never applies here: it is decided on the resource `*`'],
  ],
  [
    allow('iot:Publish', [any('topic/a'), any('topicfilter/a')]),
    ['Statement[0].Action: none of these actions is decided on `arn:aws:iot:*:*:topicfilter/a`'],
  ],
  [
    allow('iot:Publish', any('topic/a/#')),
    [
      'Statement[0].Resource: `#` and `+` are plain characters in `arn:aws:iot:*:*:topic/a/#`, and no topic holds them; write `*`',
    ],
  ],
  [
    allow('iot:Publish', 'topic/a'),
    ['Statement[0].Resource: `topic/a` is not an ARN; write `arn:aws:iot:<region>:<account>:<type>/<name>`'],
  ],
  [
    allow('iot:Connect', any('client/${iot:ClientIdd}')),
    ['Statement[0].Resource: `${iot:ClientIdd}` is not a policy variable; did you mean `iot:ClientId`?'],
  ],
  [
    allow('iot:Publish', any('topic/${iot:Certificate.Subject.CommonName.List}')),
    [
      'Statement[0].Resource: `${iot:Certificate.Subject.CommonName.List}` is a set of values and cannot stand in one place',
    ],
  ],
  [
    allow('iot:Publish', '*', { Condition: { StringEquals: { 'iot:LastWillTopic': '${iot:Nothing}' } } }),
    [
      'Statement[0].Condition: `iot:LastWillTopic` has a value only when `iot:Connect` is decided',
      'Statement[0].Condition: `${iot:Nothing}` is not a policy variable',
    ],
  ],
  [
    allow('iot:Connect', '*', { Condition: { Bool: { 'iot:Connection.Thing.IsAtached': true } } }),
    [
      'Statement[0].Condition: `iot:Connection.Thing.IsAtached` is not a condition key; did you mean `iot:Connection.Thing.IsAttached`?',
    ],
  ],
])('%j is warned of', (statement, expected) => {
  expect(lint(statement)).toEqual(expected);
});

test('an operation that is not in the list is no action', () => {
  expect(lint(allow('iot:CreateThin', '*'), ['CreateThing'])).toEqual([
    'Statement[0].Action: `iot:CreateThin` is not an IoT action; did you mean `iot:CreateThing`?',
  ]);
});

test('a document without version has no variables', () => {
  const text = JSON.stringify({ Statement: allow('iot:Publish', any('topic/${iot:ClientId}')) });
  expect(lintPolicy(parsePolicy(text))).toEqual([
    {
      place: 'Version',
      message: '`${…}` is plain text in version 2008-10-17, the default; write `"Version": "2012-10-17"`',
    },
  ]);
});
