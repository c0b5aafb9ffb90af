import { describe, expect, test } from 'vitest';
import type { Connect } from '../codec/packet.ts';
import { ReasonCode } from '../codec/reason-code.ts';
import { connect, startBroker, staying, TestAuthorizer, TestClient, turn } from '../listener/client.testing.ts';
import { MemoryStream } from '../listener/memory.ts';
import { profiles } from '../profile.ts';

const admitted = { admitted: true, realm: 'test', principal: 'p', authorizer: new TestAuthorizer() } as const;

describe('CONNECT', () => {
  test('a 3.1.1 client gets the four bytes of success', async () => {
    const { broker } = await startBroker();
    const stream = MemoryStream.connect(broker);
    stream.send(Buffer.from('100d00044d5154540402003c000161', 'hex'));
    broker.flusher.flush();
    expect(stream.take().toString('hex')).toBe('20020000');
  });

  test('a client that takes no packet as large as its CONNACK is refused, as far as it takes that [MQTT-3.1.2-24]', async () => {
    for (const [maximumPacketSize, sent] of [
      [5, ['connack']],
      [4, []],
    ] as const) {
      const started = await startBroker();
      const client = new TestClient(started.broker);
      client.send(connect('', { properties: { maximumPacketSize } }));
      const packets = client.take();
      expect(packets.map(({ type }) => type)).toEqual(sent);
      if (sent.length > 0) expect(packets[0]).toMatchObject({ reasonCode: ReasonCode.packetTooLarge });
      expect(client.ended).toBe(true);
      expect(started.log).toEqual([
        expect.stringMatching(/^connectFailed .*: the client takes no packet as large as its CONNACK$/),
      ]);
      expect(started.broker.metrics.sessions).toBe(0);
    }
  });

  test('MQTT 5 clients are told what differs from the defaults, and nothing else', async () => {
    const strict = TestClient.connect(
      await startBroker({ profile: profiles.strict, limits: { topicAliasMaximum: 0 } }),
      'a',
    );
    expect(strict.connack.properties).toBeUndefined();
    const aws = TestClient.connect(await startBroker({ profile: profiles.aws }), '', {
      keepAlive: 5,
      properties: { sessionExpiryInterval: 1_000_000 },
    });
    expect(aws.connack.properties).toEqual({
      sessionExpiryInterval: 604_800,
      assignedClientIdentifier: expect.stringMatching(/^[0-9a-f-]{36}$/),
      serverKeepAlive: 30,
      receiveMaximum: 100,
      maximumQoS: 1,
      maximumPacketSize: 149_504,
      topicAliasMaximum: 8,
      subscriptionIdentifiersAvailable: false,
    });
  });

  test.each([
    { asked: 0, agreed: 1200 },
    { asked: 10, agreed: 30 },
    { asked: 300, agreed: 300 },
    { asked: 60_000, agreed: 1200 },
  ])('the aws profile makes a keep-alive of $asked one of $agreed', async ({ asked, agreed }) => {
    const started = await startBroker({ profile: profiles.aws });
    const { connack } = TestClient.connect(started, 'a', { keepAlive: asked });
    expect(connack.properties?.serverKeepAlive ?? asked).toBe(agreed);
    expect(started.broker.realm('test').connection('a')).toMatchObject({ keepAlive: agreed, protocolVersion: 5 });
  });

  test.each<{ name: string; packet: Partial<Connect>; reasonCode: number; returnCode?: number }>([
    {
      name: 'an empty client id without a clean session [MQTT-3.1.3-8]',
      packet: { clientId: '', cleanStart: false, protocolVersion: 4 },
      reasonCode: 0x85,
      returnCode: 2,
    },
    { name: 'a client id beyond the limit', packet: { clientId: 'x'.repeat(129) }, reasonCode: 0x85 },
    {
      name: 'enhanced authentication [MQTT-4.12.0-1]',
      packet: { properties: { authenticationMethod: 'SCRAM-SHA-1' } },
      reasonCode: 0x8c,
    },
    {
      name: 'a will of a QoS that is not there [MQTT-3.2.2-12]',
      packet: { will: { topic: 'w', payload: Buffer.from('x'), qos: 2, retain: false, properties: undefined } },
      reasonCode: 0x9b,
    },
    {
      name: 'a will on a wildcard topic',
      packet: { will: { topic: 'w/+', payload: Buffer.from('x'), qos: 0, retain: false, properties: undefined } },
      reasonCode: 0x90,
    },
    {
      name: 'a will deeper than the limit',
      packet: {
        will: { topic: '1/2/3/4/5/6/7/8/9', payload: Buffer.from('x'), qos: 0, retain: false, properties: undefined },
      },
      reasonCode: 0x90,
    },
  ])('$name is refused', async ({ packet, reasonCode, returnCode }) => {
    const { broker, log } = await startBroker({ profile: profiles.aws });
    const client = new TestClient(broker, packet.protocolVersion ?? 5);
    client.send(connect('a', packet));
    broker.flusher.flush();
    const bytes = client.stream.take();
    expect(bytes[0]).toBe(0x20);
    expect(bytes[3]).toBe(returnCode ?? reasonCode);
    expect(client.ended).toBe(true);
    expect(log).toEqual([expect.stringMatching(/^connectFailed/)]);
    expect(broker.metrics).toMatchObject({ connections: 0, pendingConnections: 0, sessions: 0 });
    expect(broker.metrics.connectDenied + broker.metrics.protocolErrors).toBe(1);
  });

  test('an unknown protocol level is answered with return code 1 [MQTT-3.1.2-2]', async () => {
    const { broker } = await startBroker();
    const client = new TestClient(broker, 4).sendHex('100d 0004 4d515454 07 02 003c 0001 61');
    broker.flusher.flush();
    expect(client.stream.take().toString('hex')).toBe('20020001');
    expect(client.ended).toBe(true);
  });

  test.each([
    { name: 'PUBLISH', hex: '3004 0001 61 62' },
    { name: 'PINGREQ', hex: 'c000' },
    { name: 'a malformed CONNECT', hex: '1003 0004 4d' },
    { name: 'an HTTP request', hex: Buffer.from('GET / HTTP/1.1\r\n\r\n').toString('hex') },
    { name: 'a length that never ends', hex: '10ff ffff ffff ff' },
    { name: 'a header that announces more than is allowed', hex: '10ff ffff 7f' },
  ])('$name instead of a CONNECT closes without a word [MQTT-3.1.0-1]', async ({ hex }) => {
    const { broker } = await startBroker();
    const client = new TestClient(broker).sendHex(hex);
    broker.flusher.flush();
    expect(client.ended).toBe(true);
    expect(client.stream.take()).toHaveLength(0);
    expect(broker.metrics.pendingConnections).toBe(0);
  });

  test.each([4, 5] as const)(
    'a second CONNECT ends the connection, in version %i [MQTT-3.1.0-2]',
    async protocolVersion => {
      const started = await startBroker();
      const { client } = TestClient.connect(started, 'a', { protocolVersion });
      const packets = client.send(connect('a', { protocolVersion })).take();
      expect(packets).toMatchObject(protocolVersion === 5 ? [{ type: 'disconnect', reasonCode: 0x82 }] : []);
      expect(client.ended).toBe(true);
      expect(started.log.at(-1)).toBe('disconnected a CLIENT_ERROR');
    },
  );

  test.each([
    { name: 'AUTH', hex: 'f000' },
    { name: 'CONNACK', hex: '2003 00 00 00' },
    { name: 'PINGRESP', hex: 'd000' },
    { name: 'SUBACK', hex: '9004 0001 00 00' },
  ])('$name from a client is a protocol error', async ({ hex }) => {
    const { client } = TestClient.connect(await startBroker(), 'a');
    expect(client.sendHex(hex).take()).toMatchObject([{ type: 'disconnect', reasonCode: 0x82 }]);
    expect(client.ended).toBe(true);
  });

  test('a refusal by the authenticator reaches the client as its reason code, and as return code 5', async () => {
    const refusal = { admitted: false, reasonCode: ReasonCode.notAuthorized, reason: 'no policy' } as const;
    const started = await startBroker({ authenticate: () => refusal });
    expect(TestClient.connect(started, 'a').connack).toMatchObject({
      reasonCode: 0x87,
      properties: { reasonString: 'no policy' },
    });
    const old = new TestClient(started.broker, 4).send(connect('a', { protocolVersion: 4 }));
    started.broker.flusher.flush();
    expect(old.stream.take().toString('hex')).toBe('20020005');
  });

  test('what a client sends behind its CONNECT waits for a slow authenticator [MQTT-3.1.4-5]', async () => {
    const { promise, resolve } = Promise.withResolvers<typeof admitted>();
    const { broker } = await startBroker({ authenticate: () => promise });
    const client = new TestClient(broker);
    client.send(connect('a'), { type: 'pingreq' });
    const [connectBytes, ping] = ['100e 0004 4d515454 05 02 003c 00 0001 62', 'c000'];
    const second = new TestClient(broker).sendHex(`${connectBytes}${ping}`);
    expect(client.take()).toEqual([]);
    expect(second.stream.paused).toBe(true);
    resolve(admitted);
    await turn();
    expect(client.take().map(packet => packet.type)).toEqual(['connack', 'pingresp']);
    expect(second.take().map(packet => packet.type)).toEqual(['connack', 'pingresp']);
  });

  test('an authenticator that throws refuses, and is reported', async () => {
    const started = await startBroker({ authenticate: () => Promise.reject(new Error('database gone')) });
    const client = new TestClient(started.broker).send(connect('a'));
    await turn();
    expect(client.take()).toMatchObject([{ type: 'connack', reasonCode: 0x88 }]);
    expect(started.log[0]).toContain('database gone');
    const thrower = await startBroker({
      authenticate: () => {
        throw new Error('bug');
      },
    });
    const other = new TestClient(thrower.broker).send(connect('a'));
    expect(other.take()).toMatchObject([{ type: 'connack', reasonCode: 0x80 }]);
    expect(thrower.log[0]).toContain('bug');
  });

  test.each([admitted, Promise.resolve(admitted)])(
    'a fault in taking a client in ends its connection alone, be the decision at once or later',
    async decision => {
      const failed: unknown[] = [];
      const bug = new Error('bug');
      const connected = (): void => {
        throw bug;
      };
      const observer = { connected, failed: (error: unknown): void => void failed.push(error) };
      const { broker } = await startBroker({ authenticate: () => decision, observer });
      const client = new TestClient(broker).send(connect('a'));
      await turn();
      expect(failed).toEqual([bug]);
      expect(client.take().at(-1)).toMatchObject({ type: 'disconnect', reasonCode: 0x80 });
      expect(client.ended).toBe(true);
      expect(broker.metrics).toMatchObject({ connections: 0, sessions: 0 });
    },
  );

  test('a client that leaves while it is authenticated leaves nothing behind', async () => {
    const { promise, resolve } = Promise.withResolvers<typeof admitted>();
    const { broker } = await startBroker({ authenticate: () => promise });
    const client = new TestClient(broker).send(connect('a'));
    client.stream.lose();
    resolve(admitted);
    await turn();
    expect(broker.metrics).toMatchObject({ connections: 0, pendingConnections: 0, sessions: 0 });
  });

  test('a connection that never says CONNECT is closed in time, and the oldest makes room for new ones', async () => {
    const started = await startBroker({ limits: { maxPendingConnections: 2, connectTimeout: 10 } });
    const clients = [1, 2, 3].map(() => new TestClient(started.broker));
    expect(clients.map(client => client.ended)).toEqual([true, false, false]);
    started.pass(10);
    expect(clients[1]!.ended).toBe(false);
    started.pass(1);
    expect(clients.map(client => client.ended)).toEqual([true, true, true]);
    expect(started.broker.metrics.pendingConnections).toBe(0);
  });

  test('a first packet longer than one may be is refused by its header; later ones may be longer', async () => {
    const started = await startBroker({ limits: { maxConnectBytes: 100, maxPacketBytes: 1000 } });
    const { client } = TestClient.connect(started, 'a'.repeat(70), { protocolVersion: 4 });
    client.publish('t', 'x'.repeat(500), { qos: 1, packetId: 1 });
    expect(client.take()).toMatchObject([{ type: 'puback' }]);
    const tooLong = new TestClient(started.broker, 4).sendHex('1064 0004 4d515454');
    expect(tooLong.ended).toBe(true);
    expect(started.log.at(-1)).toBe('connectFailed undefined: a packet of 102 bytes is over the maximum of 100');
  });

  test('a peer that never closes its side is cut off after the goodbye', async () => {
    const started = await startBroker();
    const stream = MemoryStream.connect(started.broker);
    let goodbyes = 0;
    stream.end = () => {
      goodbyes += 1;
    };
    stream.send(Buffer.from('c000', 'hex'));
    started.pass(1);
    expect([goodbyes, stream.ended]).toEqual([1, false]);
    started.pass(1);
    expect([goodbyes, stream.ended]).toEqual([1, true]);
  });

  test('one client too many is told that the server is busy', async () => {
    const started = await startBroker({ limits: { maxConnections: 1 } });
    TestClient.connect(started, 'a');
    expect(TestClient.connect(started, 'b').connack.reasonCode).toBe(0x89);
  });

  test('one session too many is refused; one that is there may be resumed', async () => {
    const started = await startBroker({ limits: { maxSessions: 1 } });
    TestClient.connect(started, 'a', staying[5]).client.stream.lose();
    expect(TestClient.connect(started, 'b').connack.reasonCode).toBe(0x97);
    expect(TestClient.connect(started, 'a', staying[5]).connack).toMatchObject({ reasonCode: 0, sessionPresent: true });
  });

  test('response information is told to who asks for it [MQTT-3.1.2-28]', async () => {
    const started = await startBroker({ authenticate: () => ({ ...admitted, responseInformation: 'answers/a/' }) });
    const asking = { properties: { requestResponseInformation: true } };
    expect(TestClient.connect(started, 'a', asking).connack.properties).toMatchObject({
      responseInformation: 'answers/a/',
    });
    expect(TestClient.connect(started, 'b').connack.properties).not.toHaveProperty('responseInformation');
  });

  test('packets cut anywhere mean the same', async () => {
    const { broker } = await startBroker();
    const client = new TestClient(broker, 4);
    for (const byte of Buffer.from('100d00044d5154540402003c000161c000', 'hex'))
      client.stream.send(Buffer.from([byte]));
    expect(client.take().map(packet => packet.type)).toEqual(['connack', 'pingresp']);
  });
});

describe('MQTT 3.1', () => {
  // CONNECT without a clean session, as `a`; SUBSCRIBE to `t` at QoS 1.
  const connect31 = '100f 0006 4d5149736470 03 00 003c 0001 61';
  const subscribe = '8206 0001 0001 74 01';

  test('is spoken as 3.1.1, but for what it knows nothing of: a session that is present, and reserved flags', async () => {
    const { broker } = await startBroker();
    new TestClient(broker, 4).sendHex(connect31).sendHex(subscribe).stream.lose();
    const client = new TestClient(broker, 4).sendHex(connect31).sendHex(subscribe.replace('82', '8a'));
    expect(client.take()).toMatchObject([
      { type: 'connack', sessionPresent: false, reasonCode: 0 },
      { type: 'suback' },
    ]);
    client.publish('t', 'x', { qos: 2, packetId: 7 }).sendHex('6a02 0007');
    const received = client.take();
    expect(received.map(({ type }) => type)).toEqual(['publish', 'pubrec', 'pubcomp']);
  });

  test('needs a client id, and is not for AWS IoT', async () => {
    const { broker } = await startBroker();
    const nameless = new TestClient(broker, 4).sendHex('100e 0006 4d5149736470 03 02 003c 0000');
    expect(nameless.take()).toMatchObject([{ type: 'connack', reasonCode: 0x85 }]);
    const aws = await startBroker({ profile: profiles.aws });
    const client = new TestClient(aws.broker, 4).sendHex(connect31);
    expect(client.take()).toMatchObject([{ type: 'connack', reasonCode: 0x84 }]);
  });
});
