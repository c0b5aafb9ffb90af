/** The Eclipse Paho interoperability suites: whole on the `open` profile; on `aws` exactly what AWS does differently fails. */
import { beforeAll, describe, expect, test } from 'vitest';
import { allow, policyDocument } from './harness/device.ts';
import { hasPart } from './harness/parts.ts';
import { startThingd } from './harness/thingd.ts';
import { findPahoSuites, runPaho, type Suite, testsOf } from './paho/suite.ts';

type Profile = 'open' | 'aws';
type Differences = Readonly<Record<string, string>>;

const qos2 = 'it publishes or subscribes with QoS 2, which AWS IoT does not support';
const keepAlive = 'it expects a keep-alive of 5 s to be kept; AWS IoT raises it to 30 s';

/** What fails, and why: nothing of the specification on `open`; on `aws` where AWS IoT differs from it. */
const differences: Readonly<Record<Profile, Readonly<Record<Suite, Differences>>>> = {
  open: {
    client_test: {},
    client_test5: {},
  },
  aws: {
    client_test: {
      testBasic: qos2,
      test_keepalive: keepAlive,
      test_offline_message_queueing: qos2,
      test_overlapping_subscriptions: qos2,
      test_redelivery_on_reconnect: qos2,
      test_retained_messages: `${qos2}; nor does it send retained messages to wildcards`,
      test_subscribe_failure: 'AWS IoT closes the connection of a 3.1.1 client that may not subscribe',
    },
    client_test5: {
      test_basic: qos2,
      test_flow_control2: `${qos2}, and says so before the receive maximum is reached`,
      test_keepalive: keepAlive,
      test_offline_message_queueing: qos2,
      test_overlapping_subscriptions: qos2,
      test_payload_format: qos2,
      test_publication_expiry: qos2,
      test_redelivery_on_reconnect: qos2,
      test_retained_message: `${qos2}; nor does it send retained messages to wildcards`,
      test_server_keep_alive: 'it expects a server that allows 60 s at most; AWS IoT allows 1200 s',
      test_server_topic_alias: qos2,
      test_subscribe_failure: 'the suite knows no refusal but 0x80; AWS IoT answers Not authorized, 0x87',
      test_subscribe_identifiers: 'AWS IoT does not support subscription identifiers',
      test_subscribe_options: qos2,
      test_user_properties: qos2,
      test_will_delay: 'its will has QoS 2, which AWS IoT does not support',
      test_will_message: 'its will has QoS 2, which AWS IoT does not support',
    },
  },
};

/** What the suites expect a server to be configured with, beyond the specification. */
const configured: Readonly<Record<Profile, readonly string[]>> = {
  open: ['--limits', 'open', '--limit', 'maxKeepAlive=60', '--limit', 'subscribeRefusal=unspecified'],
  aws: ['--limits', 'aws'],
};

/** The suites subscribe to this filter and expect a refusal. */
const policy = policyDocument(allow('iot:*'), {
  Effect: 'Deny',
  Action: 'iot:Subscribe',
  Resource: 'arn:aws:iot:*:*:topicfilter/test/nosubscribe',
});

const found = await findPahoSuites();
const missing = 'missing' in found ? found.missing : hasPart('python3') ? undefined : 'python3 is not installed';
const directory = 'directory' in found ? found.directory : '';
const title = 'the Eclipse Paho interoperability suite';

interface Run {
  readonly profile: Profile;
  readonly suite: Suite;
  readonly name: string;
}

describe.skipIf(missing)(missing ? `${title} (skipped: ${missing})` : title, () => {
  const failures = {
    open: { client_test: {}, client_test5: {} },
    aws: { client_test: {}, client_test5: {} },
  } as Record<Profile, Record<Suite, Record<string, string>>>;
  let counted = 0;

  // Every test has a server of its own, for all use the same client ids. They spend their time asleep, so many run at once.
  beforeAll(async () => {
    const runs: Run[] = [];
    for (const suite of ['client_test5', 'client_test'] as const) {
      const names = await testsOf(directory, suite);
      for (const profile of ['open', 'aws'] as const) runs.push(...names.map(name => ({ profile, suite, name })));
    }
    counted = runs.length;
    const lane = async (): Promise<void> => {
      for (let next = runs.shift(); next; next = runs.shift()) {
        const { profile, suite, name } = next;
        const thingd = await startThingd({
          command: 'dev',
          args: [...configured[profile], '--anonymous-policy', policy],
        });
        const traceback = await runPaho(directory, suite, thingd.endpoints.mqtt.port, name);
        await thingd.stop();
        if (traceback !== null) failures[profile][suite][name] = traceback;
      }
    };
    await Promise.all(Array.from({ length: 8 }, lane));
  }, 240_000);

  test('is all there', () => {
    expect(counted).toBeGreaterThanOrEqual(2 * (10 + 27));
  });

  for (const profile of ['open', 'aws'] as const) {
    for (const suite of ['client_test', 'client_test5'] as const) {
      const version = suite === 'client_test5' ? '5' : '3.1.1';
      test(`for MQTT ${version} on the ${profile} profile fails only where it is known to differ`, () => {
        const failed = failures[profile][suite];
        const known = differences[profile][suite];
        const unexpected = Object.entries(failed).filter(([name]) => !(name in known));
        expect(unexpected.map(([name, traceback]) => `${name}: ${traceback}`)).toEqual([]);
        expect(Object.keys(failed).toSorted()).toEqual(Object.keys(known).toSorted());
      });
    }
  }
});
