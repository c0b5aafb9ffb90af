import { X509Certificate } from 'node:crypto';
import { type Connect, ReasonCode } from '@thingd/broker';
import { realm } from '@thingd/core/testing';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { createRootAuthority, DeviceCertificateSigner, KeyPool } from '../certificates/index.ts';
import { signedClient } from './callers.ts';
import {
  allow,
  connectionOf,
  connectOf,
  documentOf,
  type Installation,
  openInstallation,
  originOf,
} from './client-authenticator.fixtures.ts';

const second = 1_000;
const thisThing = '${iot:Connection.Thing.ThingName}';
const will: Connect['will'] = { topic: 'gone', payload: Buffer.alloc(0), qos: 0, retain: false, properties: undefined };

let installation: Installation;

beforeEach(async () => {
  installation = await openInstallation();
});

const authenticate = (der: Buffer | undefined, connect: Connect) =>
  installation.authenticator.authenticate(connect, originOf({ peerCertificate: der }));

describe('a CONNECT', () => {
  test('with an active certificate and a policy that allows it is admitted to the certificate’s realm', async () => {
    const { der, certificateId } = await installation.createDevice(allow('iot:Connect'));
    expect(await authenticate(der, connectOf('lamp'))).toMatchObject({
      admitted: true,
      realm: '123456789012/eu-west-1',
      principal: certificateId,
    });
  });

  test('without credentials is refused', async () => {
    expect(await authenticate(undefined, connectOf('lamp'))).toMatchObject({ admitted: false });
  });

  test('with a certificate nobody registered is refused', async () => {
    const elsewhere = await openInstallation();
    const { der } = await elsewhere.createDevice(allow('iot:Connect'));
    expect(await authenticate(der, connectOf('lamp'))).toEqual({
      admitted: false,
      reasonCode: ReasonCode.notAuthorized,
      reason: 'unknown certificate',
    });
  });

  test.each(['INACTIVE', 'REVOKED'] as const)('with a certificate that is %s is refused', async status => {
    const { der, certificateId } = await installation.createDevice(allow('iot:Connect'));
    await installation.services.certificates.update(realm, certificateId, status);
    expect(await authenticate(der, connectOf('lamp'))).toMatchObject({ admitted: false });
  });

  test('with a certificate whose time is over is refused', async () => {
    const { der } = await installation.createDevice(allow('iot:Connect'));
    installation.domain.clock.advance(30 * 365 * 24 * 3600_000);
    expect(await authenticate(der, connectOf('lamp'))).toMatchObject({ admitted: false });
  });

  test('that no policy allows is refused, and the denial says what would have allowed it', async () => {
    const { der, certificateId } = await installation.createDevice(allow('iot:Connect', 'arn:aws:iot:*:*:client/lamp'));
    expect(await authenticate(der, connectOf('phone'))).toMatchObject({ admitted: false });
    const resource = 'arn:aws:iot:eu-west-1:123456789012:client/phone';
    const [denial] = installation.denials.latest();
    expect(denial).toMatchObject({ principal: certificateId, clientId: 'phone', action: 'iot:Connect', resource });
    expect(JSON.parse(denial?.explanation.suggestion ?? '')).toMatchObject({
      Action: 'iot:Connect',
      Resource: resource,
    });
    expect(installation.lines[0]).toMatchObject({
      event: 'connect.denied',
      clientId: 'phone',
      wouldAllow: expect.any(String),
    });
  });

  test('with a will on a topic it may not publish to is refused', async () => {
    const statements = [allow('iot:Connect'), allow('iot:Publish', 'arn:aws:iot:*:*:topic/gone')];
    const { der } = await installation.createDevice(...statements);
    expect(await authenticate(der, connectOf('lamp', { will }))).toMatchObject({ admitted: true });
    expect(await authenticate(der, connectOf('lamp', { will: { ...will, topic: 'other' } }))).toMatchObject({
      admitted: false,
    });
    const retained = await authenticate(der, connectOf('lamp', { will: { ...will, retain: true } }));
    expect(retained).toMatchObject({ admitted: false });
    expect(installation.denials.latest()[0]).toMatchObject({ action: 'iot:RetainPublish' });
  });

  test.each<[string, Partial<Connect>, boolean]>([
    ['a plain one', {}, true],
    ['a persistent session of MQTT 3.1.1', { cleanStart: false }, true],
    ['a persistent session of MQTT 5', { protocolVersion: 5, properties: { sessionExpiryInterval: 60 } }, true],
    ['a will', { will }, false],
  ])('under a policy for persistent sessions alone: %s', async (_, connect, admitted) => {
    const only = { 'ForAllValues:StringEquals': { 'iot:ConnectAttributes': ['PersistentConnect'] } };
    const { der } = await installation.createDevice(allow('iot:Connect', '*', only), allow('iot:Publish'));
    expect(await authenticate(der, connectOf('lamp', connect))).toMatchObject({ admitted });
  });

  test('is judged by the IPv4 address of a socket that speaks both', async () => {
    const from = (network: string) => ({ IpAddress: { 'aws:SourceIp': network } });
    const near = await installation.createDevice(allow('iot:Connect', '*', from('192.0.2.0/24')));
    const far = await installation.createDevice(allow('iot:Connect', '*', from('198.51.100.0/24')));
    expect(await authenticate(near.der, connectOf('lamp'))).toMatchObject({ admitted: true });
    expect(await authenticate(far.der, connectOf('lamp'))).toMatchObject({ admitted: false });
  });
});

test('the first CONNECT with a certificate of an auto-registering CA registers it, tells of it, and is refused', async () => {
  const { services, domain, registrations } = installation;
  const authority = await createRootAuthority(domain.clock.now());
  await services.caCertificates.register(realm, {
    caCertificate: authority.certificatePem,
    certificateMode: 'SNI_ONLY',
    setAsActive: true,
    allowAutoRegistration: true,
  });
  const factory = new DeviceCertificateSigner(authority, new KeyPool({ ready: 0 }), domain.clock);
  const der = new X509Certificate((await factory.issueKeysAndCertificate()).certificatePem).raw;
  expect(await authenticate(der, connectOf('lamp'))).toMatchObject({ admitted: false });
  const certificateId = registrations[0]?.registration.payload.certificateId ?? '';
  expect(await services.certificates.describe(realm, certificateId)).toMatchObject({ status: 'PENDING_ACTIVATION' });
  expect(await authenticate(der, connectOf('lamp'))).toMatchObject({ admitted: false });
  expect(registrations).toHaveLength(2);
});

describe('a live connection', () => {
  const publishes = (topic: string) => allow('iot:Publish', `arn:aws:iot:*:*:topic/${topic}`);

  test('may do more when a policy is attached, and less when it is detached', async () => {
    const { services } = installation;
    const device = await installation.createDevice(allow('iot:Connect'));
    const { authorizer } = await installation.connect(device, 'lamp');
    expect(authorizer.publish('a', false)).toBe(false);
    await installation.attachNewPolicy('more', device.arn, publishes('a'));
    await vi.waitFor(() => expect(authorizer.publish('a', false)).toBe(true));
    expect(authorizer.generation).toBe(1);
    await services.policyAttachments.detach(realm, 'more', device.arn);
    await vi.waitFor(() => expect(authorizer.publish('a', false)).toBe(false));
    expect(authorizer.generation).toBe(2);
  });

  test('follows a new default version of its policy', async () => {
    const device = await installation.createDevice(allow('iot:Connect'));
    await installation.attachNewPolicy('topics', device.arn, publishes('a'));
    const { authorizer } = await installation.connect(device, 'lamp');
    const policyDocument = documentOf(publishes('b'));
    await installation.services.policies.createVersion(realm, 'topics', policyDocument, true);
    await vi.waitFor(() => expect(authorizer.publish('b', false)).toBe(true));
    expect(authorizer.publish('a', false)).toBe(false);
  });

  test('becomes a thing when its certificate is attached to the one of its client id', async () => {
    const { services } = installation;
    const device = await installation.createDevice(allow('iot:Connect'), publishes(`${thisThing}/data`));
    const { authorizer } = await installation.connect(device, 'lamp');
    expect(authorizer.publish('lamp/data', false)).toBe(false);
    await services.things.create(realm, { thingName: 'lamp' });
    await services.thingPrincipals.attach(realm, 'lamp', device.arn);
    await vi.waitFor(() => expect(authorizer.publish('lamp/data', false)).toBe(true));
  });

  test('gets the policies of its thing’s groups, and of groups above them, when it joins and when they are attached', async () => {
    const { services } = installation;
    const device = await installation.createDevice(allow('iot:Connect'));
    await services.things.create(realm, { thingName: 'lamp' });
    await services.thingPrincipals.attach(realm, 'lamp', device.arn);
    await services.thingGroups.create(realm, { thingGroupName: 'house' });
    await services.thingGroups.create(realm, { thingGroupName: 'kitchen', parentGroupName: 'house' });
    const group = (name: string) => `arn:aws:iot:eu-west-1:123456789012:thinggroup/${name}`;
    await installation.attachNewPolicy('kitchens', group('kitchen'), publishes('kitchen'));
    const { authorizer } = await installation.connect(device, 'lamp');
    expect(authorizer.publish('kitchen', false)).toBe(false);
    await services.thingGroupMemberships.change(realm, { thingName: 'lamp', add: ['kitchen'] });
    await vi.waitFor(() => expect(authorizer.publish('kitchen', false)).toBe(true));
    await installation.attachNewPolicy('houses', group('house'), publishes('house'));
    await vi.waitFor(() => expect(authorizer.publish('house', false)).toBe(true));
  });

  test('is not bound again by changes that do not concern it', async () => {
    const device = await installation.createDevice(allow('iot:Connect'));
    const other = await installation.createDevice(allow('iot:Connect'));
    const { authorizer } = await installation.connect(device, 'lamp');
    const witness = await installation.connect(other, 'witness');
    await installation.services.things.create(realm, { thingName: 'toaster' });
    await installation.attachNewPolicy('more', other.arn, publishes('a'));
    await vi.waitFor(() => expect(witness.authorizer.generation).toBe(1));
    expect(authorizer.generation).toBe(0);
  });

  test('catches up with a change made while its CONNECT was being decided', async () => {
    const device = await installation.createDevice(allow('iot:Connect'));
    const admission = await authenticate(device.der, connectOf('lamp'));
    await installation.attachNewPolicy('more', device.arn, publishes('a'));
    const connection = connectionOf(admission, 'lamp');
    expect(connection.authorizer.publish('a', false)).toBe(false);
    installation.authenticator.connected(connection);
    await vi.waitFor(() => expect(connection.authorizer.publish('a', false)).toBe(true));
  });

  test('is to end when its certificate is deactivated, also between its CONNECT and its CONNACK', async () => {
    const { services, disabled } = installation;
    const device = await installation.createDevice(allow('iot:Connect'));
    const admission = await authenticate(device.der, connectOf('lamp'));
    await services.certificates.update(realm, device.certificateId, 'INACTIVE');
    expect(disabled).toEqual([device.certificateId]);
    installation.authenticator.connected(connectionOf(admission, 'lamp'));
    await vi.waitFor(() => expect(disabled).toEqual([device.certificateId, device.certificateId]));
  });

  test('whose changed permissions cannot be read is to end after three attempts, for the old ones may be too many', async () => {
    const { domain, failures, lost, timers } = installation;
    const device = await installation.createDevice(allow('iot:Connect'));
    const { authorizer } = await installation.connect(device, 'lamp');
    vi.spyOn(domain.store, 'all').mockRejectedValue(new Error('no database'));
    domain.changes.emit({ kind: 'policyAttachment', realm, policyName: 'more', target: device.arn });
    for (const attempt of [1, 2, 3]) {
      expect(lost).toEqual([]);
      await vi.waitFor(() => expect(failures).toHaveLength(attempt));
      timers.advance(second);
    }
    await vi.waitFor(() => expect(lost).toEqual([authorizer]));
  });

  test('whose changed permissions cannot be read at first has them at the next attempt', async () => {
    const { domain, failures, lost, timers, attachNewPolicy } = installation;
    const device = await installation.createDevice(allow('iot:Connect'));
    const { authorizer } = await installation.connect(device, 'lamp');
    const emit = vi.spyOn(domain.changes, 'emit').mockReturnValue();
    await attachNewPolicy('more', device.arn, publishes('a'));
    emit.mockRestore();
    vi.spyOn(domain.store, 'all').mockRejectedValueOnce(new Error('no database'));
    domain.changes.emit({ kind: 'policyAttachment', realm, policyName: 'more', target: device.arn });
    await vi.waitFor(() => expect(failures).toHaveLength(1));
    expect(authorizer.generation).toBe(0);
    timers.advance(second);
    await vi.waitFor(() => expect(authorizer.publish('a', false)).toBe(true));
    expect(lost).toEqual([]);
  });

  test('is forgotten when it ends', async () => {
    const device = await installation.createDevice(allow('iot:Connect'));
    const connection = await installation.connect(device, 'lamp');
    expect(installation.live.size).toBe(1);
    installation.authenticator.disconnected(connection);
    expect(installation.live.size).toBe(0);
  });

  test('has each denial explained, naming the variable that was empty', async () => {
    const device = await installation.createDevice(allow('iot:Connect'), publishes(`${thisThing}/data`));
    const connection = await installation.connect(device, 'lamp');
    expect(connection.authorizer.publish('lamp/data', false)).toBe(false);
    installation.authenticator.denied(connection, 'publish', 'lamp/data');
    const [denial] = installation.denials.latest('123456789012/eu-west-1');
    expect(denial).toMatchObject({ clientId: 'lamp', action: 'iot:Publish' });
    expect(denial?.explanation.missingContextValues).toEqual(['iot:Connection.Thing.ThingName']);
    expect(installation.denials.latest('999999999999/eu-west-1')).toEqual([]);
  });
});

test('a WebSocket whose access key is deleted after its upgrade is not let in by its CONNECT', async () => {
  const { accessKeys } = installation.services;
  const { accessKeyId } = await accessKeys.create({ accountId: realm.accountId });
  const caller = { kind: 'accessKey', principal: 'user', accessKeyId, authorize: () => 'allowed' as const } as const;
  const identity = await signedClient({ realm, caller }, accessKeys, false);
  const connect = () => installation.authenticator.authenticate(connectOf('app'), originOf({ identity }));
  expect(await connect()).toMatchObject({ admitted: true, principal: accessKeyId });
  await accessKeys.delete(accessKeyId);
  expect(await connect()).toMatchObject({ admitted: false, reasonCode: ReasonCode.notAuthorized });
});

test('the anonymous principal follows the policy that is named, from the moment there is one', async () => {
  installation = await openInstallation({
    kind: 'other',
    realm,
    principal: 'anonymous',
    policies: { policyName: 'Guests' },
  });
  expect(await authenticate(undefined, connectOf('guest'))).toMatchObject({ admitted: false });
  const { policies } = installation.services;
  await policies.create(realm, { policyName: 'Guests', policyDocument: documentOf(allow('iot:Connect')) });
  const connection = connectionOf(await authenticate(undefined, connectOf('guest')), 'guest');
  installation.authenticator.connected(connection);
  const policyDocument = documentOf(allow('iot:*'));
  await policies.createVersion(realm, 'Guests', policyDocument, true);
  await vi.waitFor(() => expect(connection.authorizer.publish('a', true)).toBe(true));
});
