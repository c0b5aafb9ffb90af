/**
 * What one policy decision costs, and binding a connection's policies: `node --conditions=@thingd/source bench/policy.ts`.
 */
import { bindPolicies, type CompiledPolicy, compilePolicy, connectionContext, parsePolicy } from '@thingd/core';
import { type Case, measureCases } from './nanoseconds.ts';

const realm = 'arn:aws:iot:us-east-1:000000000000:';
const topics = Array.from({ length: 100 }, (_, index) => `fleet/berlin/device-${1000 + index}/telemetry`);
const arns = topics.map(topic => `${realm}topic/${topic}`);

const policy = (
  name: string,
  effect: 'Allow' | 'Deny',
  resources: readonly string[],
  more: object = {},
): CompiledPolicy =>
  compilePolicy(
    name,
    parsePolicy(
      JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: effect, Action: ['iot:Publish', 'iot:Receive'], Resource: resources, ...more }],
      }),
    ),
  );

/** Bound anew for each device, as a connection does; the work of one bind is in `bindCase`. */
const bind = (policies: readonly CompiledPolicy[]) =>
  bindPolicies(
    policies,
    connectionContext({ clientId: 'device-1042', thing: { thingName: 'device-1042' }, now: () => Date.now() }),
  );

function decideCase(name: string, policies: readonly CompiledPolicy[], expected: number, fresh = false): Case {
  const bound = bind(policies);
  const run = () => {
    let allowed = 0;
    for (let index = 0; index < 100; index++) {
      const arn = fresh ? `${realm}topic/${topics[index]}` : arns[index]!;
      if (bound.decide('iot:Publish', arn) === 'allowed') allowed++;
    }
    return allowed;
  };
  if (run() !== expected) throw new Error(`${name}: the policy does not decide as the bench means it to`);
  return { name, operations: 100, run };
}

function bindCase(name: string, policies: readonly CompiledPolicy[]): Case {
  return {
    name,
    operations: 1,
    run: () => (bind(policies).decide('iot:Publish', arns[0]!) === 'allowed' ? 1 : 0),
  };
}

const exact = [policy('exact', 'Allow', [arns[42]!])];
const prefix = [policy('prefix', 'Allow', ['arn:aws:iot:*:*:topic/fleet/berlin/*'])];
const middle = [policy('middle', 'Allow', ['arn:aws:iot:*:*:topic/fleet/*/device-*/telemetry'])];
const single = [policy('single', 'Allow', ['arn:aws:iot:*:*:topic/fleet/berlin/device-????/*'])];
const variable = [policy('variable', 'Allow', ['arn:aws:iot:*:*:topic/fleet/*/${iot:ClientId}/*'])];
const many = [
  policy(
    'many',
    'Allow',
    arns
      .slice(0, 25)
      .map(arn => arn.slice(realm.length))
      .map(topic => `arn:aws:iot:*:*:${topic}`),
  ),
];
const ten = [
  policy('deny', 'Deny', ['arn:aws:iot:*:*:topic/fleet/*/secret', 'arn:aws:iot:*:*:topic/keys/*']),
  ...Array.from({ length: 8 }, (_, index) =>
    policy(`p${index}`, 'Allow', [
      `arn:aws:iot:*:*:topic/fleet/site-${index}/*`,
      `arn:aws:iot:*:*:topic/*/p${index}/up`,
    ]),
  ),
  ...prefix,
];
const until = { Condition: { DateLessThan: { 'aws:CurrentTime': '2100-01-01T00:00:00Z' } } };
const timed = [policy('timed', 'Allow', ['arn:aws:iot:*:*:topic/fleet/berlin/*'], until)];

await measureCases([
  decideCase('decide, exact', exact, 1),
  decideCase('decide, prefix', prefix, 100),
  decideCase('decide, wildcards in the middle', middle, 100),
  decideCase('decide, with ?', single, 100),
  decideCase('decide, a variable', variable, 1),
  decideCase('decide, 25 literal topics', many, 25),
  decideCase('decide, 10 policies, the last allows', ten, 100),
  decideCase('decide, prefix, ARN built for the decision', prefix, 100, true),
  decideCase('decide, a condition on the time', timed, 100),
  bindCase('bind and first decision, prefix', prefix),
  bindCase('bind and first decision, a variable', variable),
  bindCase('bind and first decision, 10 policies', ten),
]);
