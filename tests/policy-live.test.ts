/** Changes that bite at once: policies, certificates and realms, seen from connections that are already open. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import {
  AttachPolicyCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  DetachPolicyCommand,
  DetachThingPrincipalCommand,
  type IoTClient,
  ListCertificatesCommand,
  ListPoliciesCommand,
  ListThingsCommand,
  UpdateCertificateCommand,
} from '@aws-sdk/client-iot';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  allow,
  anything,
  createDevice,
  type Device,
  iotClient,
  policyDocument,
  type Scope,
  tlsFiles,
} from './harness/device.ts';
import { nextEvent } from './harness/event.ts';
import { eventually } from './harness/eventually.ts';
import { startThingd, type Thingd } from './harness/thingd.ts';

const open: MqttClient[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map(client => client.endAsync(true)));
});

async function connect(thingd: Thingd, device: Device, clientId = device.thingName): Promise<MqttClient> {
  const url = `mqtts://localhost:${thingd.endpoints.mqtts.port}`;
  const options = { ...tlsFiles(device), clientId, protocolVersion: 5, reconnectPeriod: 0 } as const;
  const client = await connectAsync(url, options, false);
  client.on('error', () => {}); // a test that expects no error sees it as a message that does not come
  open.push(client);
  return client;
}

/** The reason code the server answers a QoS 1 publish with. */
async function publishCode(client: MqttClient, topic: string): Promise<number> {
  try {
    const packet = await client.publishAsync(topic, 'x', { qos: 1 });
    return (packet as { reasonCode?: number } | undefined)?.reasonCode ?? 0;
  } catch (error) {
    return (error as { code: number }).code;
  }
}

async function subscribeCode(client: MqttClient, filter: string): Promise<number> {
  try {
    const [granted] = await client.subscribeAsync(filter, { qos: 1 });
    return granted!.qos;
  } catch (error) {
    return (error as { packet: { granted: number[] } }).packet.granted[0]!;
  }
}

const notAuthorized = 0x87;
const second = 1_000;

describe('a change of policy', () => {
  let thingd: Thingd;
  let iot: IoTClient;

  beforeAll(async () => {
    thingd = await startThingd();
    iot = iotClient(thingd);
  });

  test('attached and detached, opens and closes publishing on a live connection within a second', async () => {
    const device = await createDevice(thingd, 'attach', policyDocument(allow('iot:Connect')));
    const client = await connect(thingd, device);
    expect(await publishCode(client, 'attach/data')).toBe(notAuthorized);

    const publishing = { policyName: 'may-publish', target: device.certificateArn };
    await iot.send(
      new CreatePolicyCommand({ policyName: 'may-publish', policyDocument: policyDocument(allow('iot:Publish')) }),
    );
    await iot.send(new AttachPolicyCommand(publishing));
    await eventually('publishing is allowed', async () => (await publishCode(client, 'attach/data')) < 0x80, second);
    await iot.send(new DetachPolicyCommand(publishing));
    const denied = async () => (await publishCode(client, 'attach/data')) === notAuthorized;
    await eventually('publishing is denied', denied, second);
    expect(client.connected).toBe(true);
  });

  test('to a new default version opens subscribing on a live connection within a second', async () => {
    const device = await createDevice(thingd, 'version', policyDocument(allow('iot:Connect')));
    const client = await connect(thingd, device);
    expect(await subscribeCode(client, 'version/+')).toBe(notAuthorized);
    await iot.send(
      new CreatePolicyVersionCommand({ policyName: device.policyName, policyDocument: anything, setAsDefault: true }),
    );
    await eventually('subscribing is allowed', async () => (await subscribeCode(client, 'version/+')) === 1, second);
  });

  test('that takes Receive away cuts the flow of a subscription that stays', async () => {
    const hears = policyDocument(allow(['iot:Connect', 'iot:Subscribe', 'iot:Publish', 'iot:Receive']));
    const deaf = policyDocument(
      allow(['iot:Connect', 'iot:Subscribe', 'iot:Publish']),
      allow('iot:Receive', 'arn:aws:iot:*:*:topic/receive/still'),
    );
    const device = await createDevice(thingd, 'receive', hears);
    const client = await connect(thingd, device);
    const heard: string[] = [];
    client.on('message', topic => heard.push(topic));
    await client.subscribeAsync('receive/+', { qos: 1 });
    await publishCode(client, 'receive/before');
    await eventually('the first message', () => heard.includes('receive/before'));

    await iot.send(
      new CreatePolicyVersionCommand({ policyName: device.policyName, policyDocument: deaf, setAsDefault: true }),
    );
    let round = 0;
    await eventually(
      'a message is not delivered',
      async () => {
        round += 1;
        await publishCode(client, `receive/round-${round}`);
        await publishCode(client, 'receive/still'); // delivered in order: what was not before it does not come
        await eventually(
          'what is still allowed',
          () => heard.filter(topic => topic === 'receive/still').length === round,
        );
        return !heard.includes(`receive/round-${round}`);
      },
      second,
    );
  });

  test('that detaches the thing empties the thing variables on a live connection', async () => {
    const own = 'arn:aws:iot:*:*:topic/${iot:Connection.Thing.ThingName}/data';
    const device = await createDevice(
      thingd,
      'member',
      policyDocument(allow('iot:Connect'), allow('iot:Publish', own)),
    );
    const client = await connect(thingd, device);
    expect(await publishCode(client, 'member/data')).toBeLessThan(0x80);
    await iot.send(new DetachThingPrincipalCommand({ thingName: 'member', principal: device.certificateArn }));
    const denied = async () => (await publishCode(client, 'member/data')) === notAuthorized;
    await eventually('publishing is denied', denied, second);
  });

  test('that cannot be read from the database ends the connection rather than leave it what it had', async () => {
    const device = await createDevice(thingd, 'damaged');
    const client = await connect(thingd, device);
    await iot.send(
      new CreatePolicyCommand({ policyName: 'damaged', policyDocument: policyDocument(allow('iot:Publish')) }),
    );
    const database = new DatabaseSync(join(thingd.dataDir, 'thingd.db'), { timeout: 5_000 });
    database.exec(`UPDATE policy_version SET document = '{' WHERE policy_name = 'damaged'`);
    database.close();
    const closed = nextEvent(client, 'close', 5 * second);
    await iot.send(new AttachPolicyCommand({ policyName: 'damaged', target: device.certificateArn }));
    await closed;
  });

  test.each(['INACTIVE', 'REVOKED'] as const)(
    'to a certificate made %s closes its connections at once',
    async status => {
      const device = await createDevice(thingd, `cut-${status}`);
      const client = await connect(thingd, device);
      const sibling = await connect(thingd, device, `cut-${status}-sibling`);
      const closed = [nextEvent(client, 'close', second), nextEvent(sibling, 'close', second)];
      await iot.send(new UpdateCertificateCommand({ certificateId: device.certificateId, newStatus: status }));
      await Promise.all(closed);
      await expect(connect(thingd, device)).rejects.toThrow();
    },
  );
});

describe('two realms', () => {
  let thingd: Thingd;

  beforeAll(async () => {
    thingd = await startThingd({ command: 'dev' });
  });

  const pairs: readonly (readonly [string, Scope, Scope])[] = [
    [
      'in two regions',
      { accessKeyId: '111111111111', region: 'us-east-1' },
      { accessKeyId: '111111111111', region: 'eu-west-1' },
    ],
    [
      'in two accounts',
      { accessKeyId: '222222222222', region: 'us-east-1' },
      { accessKeyId: '333333333333', region: 'us-east-1' },
    ],
  ];

  test.each(pairs)('%s see nothing of each other', async (_title, left, right) => {
    const here = iotClient(thingd, left);
    const there = iotClient(thingd, right);
    const ours = await createDevice(thingd, 'lamp', anything, here);
    const theirs = await createDevice(thingd, 'lamp', anything, there);
    expect(ours.certificateArn).toContain(`:${left.region}:${left.accessKeyId}:`);
    expect(theirs.certificateArn).toContain(`:${right.region}:${right.accessKeyId}:`);

    for (const [iot, own] of [
      [here, ours],
      [there, theirs],
    ] as const) {
      const { things } = await iot.send(new ListThingsCommand({}));
      expect(things?.map(thing => thing.thingName)).toEqual(['lamp']);
      const { certificates } = await iot.send(new ListCertificatesCommand({}));
      expect(certificates?.map(certificate => certificate.certificateId)).toEqual([own.certificateId]);
      const { policies } = await iot.send(new ListPoliciesCommand({}));
      expect(policies).toHaveLength(1);
    }
    const attach = new AttachPolicyCommand({ policyName: ours.policyName, target: theirs.certificateArn });
    await expect(here.send(attach)).rejects.toThrow();

    // The same client id and topic in both: neither takes over, neither hears the other.
    const us = await connect(thingd, ours);
    const them = await connect(thingd, theirs);
    const heard: string[] = [];
    for (const [name, client] of [
      ['us', us],
      ['them', them],
    ] as const) {
      client.on('message', (_topic, payload) => heard.push(`${name} heard ${payload}`));
      await client.subscribeAsync('lamp/#', { qos: 1 });
    }
    await us.publishAsync('lamp/state', 'from us', { qos: 1, retain: true });
    await them.publishAsync('lamp/state', 'from them', { qos: 1 });
    await us.publishAsync('lamp/state', 'last', { qos: 1 });
    await them.publishAsync('lamp/state', 'last', { qos: 1 });
    await eventually('all have arrived', () => heard.filter(line => line.endsWith('last')).length === 2);
    expect(heard.toSorted()).toEqual(['them heard from them', 'them heard last', 'us heard from us', 'us heard last']);
    expect(us.connected && them.connected).toBe(true);
    await them.subscribeAsync('lamp/state', { qos: 1 });
    await them.publishAsync('lamp/state', 'after retained', { qos: 1 });
    await eventually('the retained message would be before it', () => heard.includes('them heard after retained'));
    expect(heard).not.toContain('them heard from us');
  });
});
