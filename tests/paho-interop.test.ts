/** The Eclipse Paho interoperability suites: whole on the `open` profile; on `aws` exactly what AWS does differently fails. */
import { describe, expect, test } from 'vitest';
import { allow, policyDocument } from './harness/device.ts';
import { hasPart } from './harness/parts.ts';
import { startThingd } from './harness/thingd.ts';
import { dealTests, findPahoSuites, type Outcomes, runPaho, type Suite } from './paho/suite.ts';

/** What fails on the `aws` profile, and AWS's reason. tests/README.md explains the table. */
const differentOnAws: Readonly<Record<Suite, Readonly<Record<string, string>>>> = {
  client_test: {},
  client_test5: {},
};

/** The suites subscribe to this filter and expect a refusal. */
const policy = policyDocument(allow('iot:*'), {
  Effect: 'Deny',
  Action: 'iot:Subscribe',
  Resource: 'arn:aws:iot:*:*:topicfilter/test/nosubscribe',
});

const suites = await findPahoSuites();
const missing = 'missing' in suites ? suites.missing : hasPart('python3') ? undefined : 'python3 is not installed';
const directory = 'directory' in suites ? suites.directory : '';

/** Each hand of tests has a server of its own, for all use the same client ids; the hands are played at once. */
async function outcomesOf(suite: Suite, limits: 'open' | 'aws', hands: number): Promise<Outcomes> {
  const played = await Promise.all(
    (await dealTests(directory, suite, hands)).map(async tests => {
      const args = ['--limits', limits, '--anonymous-policy', policy];
      const thingd = await startThingd({ command: 'dev', args });
      const outcomes = await runPaho(directory, suite, thingd.endpoints.mqtt.port, tests);
      await thingd.stop();
      return outcomes;
    }),
  );
  return Object.assign({}, ...played);
}

const title = 'the Eclipse Paho interoperability suite';
const hands = { client_test: 2, client_test5: 6 } as const;

describe.skipIf(missing)(missing ? `${title} (skipped: ${missing})` : title, () => {
  for (const suite of ['client_test', 'client_test5'] as const) {
    const version = suite === 'client_test5' ? '5' : '3.1.1';

    test(`for MQTT ${version} passes whole on the open profile`, { timeout: 180_000 }, async () => {
      const outcomes = await outcomesOf(suite, 'open', hands[suite]);
      const failed = Object.entries(outcomes).filter(([, traceback]) => traceback !== null);
      expect(failed.map(([name, traceback]) => `${name}: ${traceback}`)).toEqual([]);
      expect(Object.keys(outcomes).length).toBeGreaterThanOrEqual(suite === 'client_test5' ? 27 : 10);
    });

    test(`for MQTT ${version} fails on the aws profile only where AWS differs`, { timeout: 180_000 }, async () => {
      const outcomes = await outcomesOf(suite, 'aws', hands[suite]);
      const failed = Object.keys(outcomes).filter(name => outcomes[name] !== null);
      expect(failed.toSorted()).toEqual(Object.keys(differentOnAws[suite]).toSorted());
    });
  }
});
