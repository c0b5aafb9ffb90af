import { describe, expect, test } from 'vitest';
import type { Publish } from '../codec/packet.ts';
import { startBroker, staying, subscription, TestClient, turn } from '../listener/client.testing.ts';
import { profiles } from '../profile.ts';

describe('PUBLISH', () => {
  test.each([
    { from: 4, to: 4 },
    { from: 4, to: 5 },
    { from: 5, to: 4 },
    { from: 5, to: 5 },
  ] as const)(
    'travels from version $from to version $to at every QoS, at the lower of the two',
    async ({ from, to }) => {
      for (const published of [0, 1, 2] as const) {
        for (const granted of [0, 1, 2] as const) {
          const started = await startBroker();
          const { client: sender } = TestClient.connect(started, 'sender', { protocolVersion: from });
          const { client: receiver } = TestClient.connect(started, 'receiver', { protocolVersion: to });
          receiver.subscribe('a/+', { qos: granted });
          sender.publish('a/b', 'hello', { qos: published, packetId: published === 0 ? 0 : 7 });
          const [message, ...rest] = receiver.publishes();
          expect(message).toMatchObject({ topic: 'a/b', qos: Math.min(published, granted), retain: false, dup: false });
          expect(message!.payload.toString()).toBe('hello');
          expect(message!.packetId === 0).toBe(message!.qos === 0);
          expect(rest).toEqual([]);
          const answer = [undefined, 'puback', 'pubrec'][published];
          expect(sender.take()).toMatchObject(
            answer === undefined ? [] : [{ type: answer, packetId: 7, reasonCode: 0 }],
          );
        }
      }
    },
  );

  test('the bytes of a publish are forwarded as they came where they fit', async () => {
    const started = await startBroker();
    const { client: sender } = TestClient.connect(started, 'sender', { protocolVersion: 4 });
    const { client: receiver } = TestClient.connect(started, 'receiver', { protocolVersion: 4 });
    receiver.subscribe('#');
    sender.sendHex('3006 0003 61 2f 62 78').sendHex('3208 0003 61 2f 62 1234 78');
    started.broker.flusher.flush();
    expect(receiver.stream.take().toString('hex')).toBe('30060003612f6278' + '32080003612f62000178');
  });

  test('MQTT 5 properties travel whole, in order, and not to 3.1.1', async () => {
    const started = await startBroker();
    const { client: sender } = TestClient.connect(started, 'sender');
    const { client: receiver } = TestClient.connect(started, 'receiver');
    const { client: old } = TestClient.connect(started, 'old', { protocolVersion: 4 });
    const { client: lower } = TestClient.connect(started, 'lower');
    for (const client of [receiver, old]) client.subscribe('#');
    lower.subscribe('#', { qos: 0 });
    const properties = {
      payloadFormatIndicator: 1,
      contentType: 'text/plain',
      responseTopic: 'answers',
      correlationData: Buffer.from([1, 2]),
      userProperties: [
        ['k', '1'],
        ['k', '2'],
        ['a', '0'],
      ] as const,
    };
    sender.publish('a', 'x', { qos: 1, packetId: 1, properties });
    expect(receiver.publishes()[0]!.properties).toEqual(properties);
    expect(lower.publishes()[0]!.properties).toEqual(properties);
    expect(old.publishes()[0]!.properties).toBeUndefined();
  });

  test('what the authorizer adds travels behind the publisher’s own user properties, whatever its version', async () => {
    const started = await startBroker();
    const { client: sender } = TestClient.connect(started, 'sender');
    const { client: old } = TestClient.connect(started, 'old', { protocolVersion: 4 });
    const { client: receiver } = TestClient.connect(started, 'receiver');
    const { client: lower } = TestClient.connect(started, 'lower', { protocolVersion: 4 });
    for (const client of [receiver, lower]) client.subscribe('#');
    for (const clientId of ['sender', 'old']) started.authorizer(clientId).userProperties = [['site', 'north']];
    sender.publish('a', 'x', { properties: { contentType: 'text', userProperties: [['k', '1']] } });
    sender.publish('a', 'x');
    old.publish('a', 'x');
    started.authorizer('old').userProperties = undefined;
    old.publish('a', 'x');
    const added = [['site', 'north']];
    expect(receiver.publishes().map(({ properties }) => properties)).toEqual([
      { contentType: 'text', userProperties: [['k', '1'], ...added] },
      { userProperties: added },
      { userProperties: added },
      undefined,
    ]);
    expect(lower.publishes().map(({ payload }) => payload.toString())).toEqual(['x', 'x', 'x', 'x']);
  });

  test('DUP and the packet id belong to the publisher: neither is passed on [MQTT-3.3.1-3]', async () => {
    const started = await startBroker();
    const { client: sender } = TestClient.connect(started, 'sender');
    const { client: receiver } = TestClient.connect(started, 'receiver');
    receiver.subscribe('#');
    sender.publish('a', 'x', { qos: 1, packetId: 500, dup: true });
    expect(receiver.publishes()).toMatchObject([{ dup: false, packetId: 1 }]);
  });

  test('a QoS 2 publish sent twice before its PUBREL arrives once [MQTT-4.3.3-10]', async () => {
    const started = await startBroker();
    const { client: sender } = TestClient.connect(started, 'sender');
    const { client: receiver } = TestClient.connect(started, 'receiver');
    receiver.subscribe('#', { qos: 0 });
    sender.publish('a', '1', { qos: 2, packetId: 5 }).publish('a', '1', { qos: 2, packetId: 5, dup: true });
    expect(receiver.messages()).toEqual(['a 1']);
    sender.acknowledge('pubrel', 5);
    expect(sender.take()).toMatchObject([{ type: 'pubrec' }, { type: 'pubrec' }, { type: 'pubcomp', packetId: 5 }]);
    sender.publish('a', '2', { qos: 2, packetId: 5 });
    expect(receiver.messages()).toEqual(['a 2']);
  });

  test('a PUBREL for an unknown id is answered: with 0x92 in MQTT 5, plainly in 3.1.1', async () => {
    const started = await startBroker();
    const { client } = TestClient.connect(started, 'new');
    expect(client.acknowledge('pubrel', 9).take()).toMatchObject([{ type: 'pubcomp', packetId: 9, reasonCode: 0x92 }]);
    const { client: old } = TestClient.connect(started, 'old', { protocolVersion: 4 });
    expect(old.acknowledge('pubrel', 9).take()).toMatchObject([{ type: 'pubcomp', packetId: 9, reasonCode: 0 }]);
  });

  test('large payloads pass whole, beside small ones and in order', async () => {
    const started = await startBroker();
    const { client: sender } = TestClient.connect(started, 'sender');
    const { client: receiver } = TestClient.connect(started, 'receiver');
    receiver.subscribe('#', { qos: 1 });
    const payloads = [10, 70_000, 20, 16_384, 16_385, 1_000_000, 5].map((length, i) => String(i).repeat(length));
    payloads.forEach((payload, i) => {
      sender.publish('a', payload, { qos: i % 2 === 0 ? 0 : 1, packetId: i % 2 === 0 ? 0 : i });
    });
    expect(receiver.publishes().map(({ payload }) => payload.toString())).toEqual(payloads);
  });

  test('more than a buffer of small messages in one turn arrives whole and in order', async () => {
    const started = await startBroker();
    const { client: sender } = TestClient.connect(started, 'sender', { protocolVersion: 4 });
    const { client: receiver } = TestClient.connect(started, 'receiver', { protocolVersion: 4 });
    receiver.subscribe('#');
    const expected = Array.from({ length: 5000 }, (_, i) => `a message number ${i}`);
    for (let i = 0; i < 5000; i++) sender.publish('a', `message number ${i}`);
    expect(receiver.messages()).toEqual(expected);
  });
});

describe('limits on PUBLISH', () => {
  test.each([
    { name: 'QoS 2 where there is none', over: { qos: 2, packetId: 1 }, reasonCode: 0x9b },
    { name: 'a payload beyond the limit', payload: 'x'.repeat(131_073), over: {}, reasonCode: 0x95 },
    {
      name: 'a subscription identifier from a client',
      over: { properties: { subscriptionIdentifiers: [1] } },
      reasonCode: 0x82,
    },
    {
      name: 'too many user properties',
      over: { properties: { userProperties: [['k', 'x'.repeat(8192)]] as const } },
      reasonCode: 0x97,
    },
    { name: 'a topic too deep, at QoS 0', topic: '0/1/2/3/4/5/6/7/8', over: {}, reasonCode: 0x90 },
    { name: 'a topic too long, at QoS 0', topic: 'x'.repeat(257), over: {}, reasonCode: 0x90 },
  ] as const)('the aws profile ends the connection for $name', async row => {
    const started = await startBroker({ profile: profiles.aws });
    const { client } = TestClient.connect(started, 'a');
    const { topic = 't', payload = 'x', over } = row as { topic?: string; payload?: string; over: Partial<Publish> };
    client.publish(topic, payload, over);
    expect(client.take()).toMatchObject([{ type: 'disconnect', reasonCode: row.reasonCode }]);
    expect(started.disconnections).toMatchObject([{ disconnectReason: 'CLIENT_ERROR', clientInitiated: false }]);
    const { client: old } = TestClient.connect(started, 'b', { protocolVersion: 4 });
    if (over.properties !== undefined) return;
    old.publish(topic, payload, over);
    expect(old.take()).toEqual([]);
    expect(old.ended).toBe(true);
  });

  test('at QoS 1 a bad topic is answered in the PUBACK and the connection stays', async () => {
    const { client } = TestClient.connect(await startBroker({ profile: profiles.aws }), 'a');
    client.publish('0/1/2/3/4/5/6/7/8', 'x', { qos: 1, packetId: 3 });
    expect(client.take()).toMatchObject([{ type: 'puback', packetId: 3, reasonCode: 0x90 }]);
    expect(client.ended).toBe(false);
  });

  test('prefixes the profile names do not count', async () => {
    const { client } = TestClient.connect(await startBroker({ profile: profiles.aws }), 'a');
    client.publish('$aws/rules/someRule/0/1/2/3/4/5/6/7', 'x', { qos: 1, packetId: 1 });
    client.publish('$aws/rules/someRule/0/1/2/3/4/5/6/7/8', 'x', { qos: 1, packetId: 2 });
    expect(client.take()).toMatchObject([{ reasonCode: 0 }, { reasonCode: 0x90 }]);
  });

  test('publishing faster than the limit loses the excess; the next second begins anew', async () => {
    const started = await startBroker({ limits: { maxPublishesPerSecond: 2 } });
    const { client: receiver } = TestClient.connect(started, 'receiver');
    receiver.subscribe('#', { qos: 0 });
    const { client } = TestClient.connect(started, 'a');
    const { client: old } = TestClient.connect(started, 'b', { protocolVersion: 4 });
    for (const packetId of [1, 2, 3]) {
      client.publish('new', String(packetId), { qos: 1, packetId });
      old.publish('old', String(packetId), { qos: 1, packetId });
    }
    expect(client.take()).toMatchObject([{ reasonCode: 0 }, { reasonCode: 0 }, { packetId: 3, reasonCode: 0x97 }]);
    expect(old.take()).toMatchObject([{ packetId: 1 }, { packetId: 2 }]);
    expect(receiver.messages()).toEqual(['new 1', 'old 1', 'new 2', 'old 2']);
    expect(started.broker.metrics.messagesDropped).toBe(2);
    started.pass(1);
    expect(client.publish('new', '4', { qos: 1, packetId: 4 }).take()).toMatchObject([{ packetId: 4, reasonCode: 0 }]);
  });

  test('bytes beyond the limit are read later, not lost', async () => {
    const started = await startBroker({ limits: { maxBytesPerSecond: 1000 } });
    const { client: receiver } = TestClient.connect(started, 'receiver');
    receiver.subscribe('#', { qos: 0 });
    const { client } = TestClient.connect(started, 'a');
    for (let i = 0; i < 5; i++) client.publish('a', String(i).repeat(600));
    expect(receiver.publishes()).toHaveLength(2);
    started.pass(1);
    expect(receiver.publishes()).toHaveLength(2);
    started.pass(1);
    expect(receiver.publishes()).toHaveLength(1);
    expect(client.ended).toBe(false);
  });
});

describe('a publish that is not allowed', () => {
  test.each([
    { profile: 'aws', version: 4, qos: 0, answer: 'closes' },
    { profile: 'aws', version: 4, qos: 1, answer: 'closes' },
    { profile: 'aws', version: 5, qos: 0, answer: 'disconnects' },
    { profile: 'aws', version: 5, qos: 1, answer: 'puback' },
    { profile: 'open', version: 4, qos: 0, answer: 'nothing' },
    { profile: 'open', version: 4, qos: 1, answer: 'acknowledges' },
    { profile: 'open', version: 4, qos: 2, answer: 'acknowledges' },
    { profile: 'open', version: 5, qos: 0, answer: 'nothing' },
    { profile: 'open', version: 5, qos: 1, answer: 'puback' },
    { profile: 'open', version: 5, qos: 2, answer: 'pubrec' },
    { profile: 'strict', version: 4, qos: 1, answer: 'closes' },
  ] as const)('$answer: profile $profile, version $version, QoS $qos', async ({ profile, version, qos, answer }) => {
    const started = await startBroker({ profile: profiles[profile] });
    const { client: receiver } = TestClient.connect(started, 'receiver');
    receiver.subscribe('#');
    started.authorizer('a').denied.add('publish secret');
    const { client } = TestClient.connect(started, 'a', { protocolVersion: version });
    const packets = client.publish('secret', 'x', { qos, packetId: qos === 0 ? 0 : 5 }).take();
    const expected = {
      closes: [],
      disconnects: [{ type: 'disconnect', reasonCode: 0x87 }],
      nothing: [],
      acknowledges: [{ type: qos === 1 ? 'puback' : 'pubrec', packetId: 5, reasonCode: 0 }],
      puback: [{ type: 'puback', packetId: 5, reasonCode: 0x87 }],
      pubrec: [{ type: 'pubrec', packetId: 5, reasonCode: 0x87 }],
    }[answer];
    expect(packets).toMatchObject(expected);
    expect(packets).toHaveLength(expected.length);
    expect(client.ended).toBe(answer === 'closes' || answer === 'disconnects');
    if (client.ended) expect(started.disconnections[0]).toMatchObject({ disconnectReason: 'AUTH_ERROR' });
    expect(receiver.messages()).toEqual([]);
    expect(started.log).toContain('denied a publish secret');
    expect(started.broker.metrics.publishDenied).toBe(1);
  });

  test('a repeated publish asks once; a new generation asks again', async () => {
    const started = await startBroker();
    const { client } = TestClient.connect(started, 'a');
    const authorizer = started.authorizer('a');
    for (let i = 0; i < 3; i++) client.publish('t', 'x');
    client.publish('t', 'x', { retain: true }).publish('t', 'x', { retain: true });
    expect(authorizer.asked).toEqual(['publish t', 'publish t', 'retain t']);
    authorizer.change(denied => denied.add('publish t'));
    client.publish('t', 'x', { qos: 1, packetId: 1 });
    expect(client.take()).toMatchObject([{ reasonCode: 0x87 }]);
    authorizer.change(denied => denied.clear());
    client.publish('t', 'x', { qos: 1, packetId: 1 });
    expect(client.take()).toMatchObject([{ reasonCode: 0 }]);
  });

  test('answers that may not be remembered are asked for each time', async () => {
    const started = await startBroker();
    const { client } = TestClient.connect(started, 'a');
    started.authorizer('a').cacheable = false;
    client.publish('t', 'x').publish('t', 'x');
    expect(started.authorizer('a').asked).toEqual(['publish t', 'publish t']);
  });

  test('reason strings are left out where the client or the profile does not want them [MQTT-3.1.2-29]', async () => {
    for (const [properties, limits, expected] of [
      [undefined, {}, { reasonString: 'not authorized to publish to `t`' }],
      [{ requestProblemInformation: false }, {}, undefined],
      [undefined, { reasonStrings: false }, undefined],
    ] as const) {
      const started = await startBroker({ limits });
      const { client } = TestClient.connect(started, 'a', { properties });
      started.authorizer('a').change(denied => denied.add('publish t'));
      const [puback] = client.publish('t', 'x', { qos: 1, packetId: 1 }).take();
      expect(puback).toMatchObject({ reasonCode: 0x87 });
      expect((puback as { properties: unknown }).properties).toEqual(expected);
    }
  });
});

describe('a denial with reasons', () => {
  const reasonOf = (packet: object | undefined) =>
    (packet as { properties?: { reasonString?: string } } | undefined)?.properties?.reasonString;

  test('is told where the profile says so, in PUBACK, SUBACK and DISCONNECT', async () => {
    const limits = { explainDenials: true, publishDeniedQoS0: 'close' } as const;
    const started = await startBroker({ limits });
    for (const denied of ['publish a', 'subscribe b', 'subscribe c']) started.authorizer('me').denied.add(denied);
    const { client } = TestClient.connect(started, 'me');
    client.publish('a', '', { qos: 1, packetId: 1 });
    const [puback] = client.take();
    expect(reasonOf(puback)).toBe('not authorized to publish to `a`: publish a is on the list');
    const requests = ['b', 'x', 'c'].map(filter => subscription(filter));
    client.send({ type: 'subscribe', packetId: 2, requests, properties: undefined });
    const [suback] = client.take();
    expect(suback).toMatchObject({ reasonCodes: [0x87, 2, 0x87] });
    expect(reasonOf(suback)).toMatch(
      /^not authorized to subscribe to `b`: .* list; not authorized to subscribe to `c`: /,
    );
    client.publish('a', '');
    const [disconnect] = client.take();
    expect(reasonOf(disconnect)).toMatch('is on the list');
  });

  test('is not otherwise; nor where the client takes no packet that large [MQTT-3.4.2-2]', async () => {
    const small = { maximumPacketSize: 60 };
    for (const [explainDenials, properties, expected] of [
      [false, undefined, 'not authorized to publish to `a`'],
      [true, small, undefined],
      [false, small, 'not authorized to publish to `a`'],
    ] as const) {
      const started = await startBroker({ limits: { explainDenials } });
      started.authorizer('me').denied.add('publish a');
      const { client } = TestClient.connect(started, 'me', { properties });
      client.publish('a', '', { qos: 1, packetId: 1 });
      const [puback] = client.take();
      expect(puback).toMatchObject({ reasonCode: 0x87 });
      expect(reasonOf(puback)).toBe(expected);
    }
  });
});

describe('receive', () => {
  test('a client that may not receive a topic is passed over in silence, each delivery anew', async () => {
    const started = await startBroker();
    const { client: sender } = TestClient.connect(started, 'sender');
    const { client } = TestClient.connect(started, 'a');
    client.subscribe('#');
    started.authorizer('a').change(denied => denied.add('receive secret'));
    sender.publish('secret', '1').publish('open', '2');
    expect(client.messages()).toEqual(['open 2']);
    started.authorizer('a').change(denied => denied.clear());
    sender.publish('secret', '3');
    expect(client.messages()).toEqual(['secret 3']);
    expect(started.log).toContain('denied a receive secret');
  });
});

describe('handlers', () => {
  test('each runs once per message, sees who published it, and holds back the acknowledgement', async () => {
    const started = await startBroker();
    const realm = started.broker.realm('test');
    const { promise, resolve } = Promise.withResolvers<void>();
    const seen: string[] = [];
    realm.handle('shadow/+', message => {
      seen.push(`${message.publisher.clientId} ${message.publisher.principal} ${message.topic} ${message.payload}`);
      return promise;
    });
    const stop = realm.handle('#', message => void seen.push(message.topic));
    const { client } = TestClient.connect(started, 'a');
    client.publish('shadow/x', '1', { qos: 1, packetId: 1 });
    expect(seen.sort()).toEqual(['a principal of a shadow/x 1', 'shadow/x']);
    expect(client.take()).toEqual([]);
    resolve();
    await turn();
    expect(client.take()).toMatchObject([{ type: 'puback', packetId: 1, reasonCode: 0 }]);
    stop();
    client.publish('other', '2');
    expect(seen).toHaveLength(2);
  });

  test('what a handler throws or rejects with is reported, and the message is not acknowledged as done', async () => {
    const started = await startBroker();
    started.broker.realm('test').handle('throws', () => {
      throw new Error('thrown');
    });
    started.broker.realm('test').handle('rejects', () => Promise.reject(new Error('rejected')));
    const { client } = TestClient.connect(started, 'a');
    const { client: old } = TestClient.connect(started, 'b', { protocolVersion: 4 });
    client.publish('throws', '', { qos: 1, packetId: 1 }).publish('rejects', '', { qos: 2, packetId: 2 });
    old.publish('throws', '', { qos: 1, packetId: 1 });
    await turn();
    expect(client.take()).toMatchObject([
      { type: 'puback', packetId: 1, reasonCode: 0x83 },
      { type: 'pubrec', packetId: 2, reasonCode: 0x83 },
    ]);
    expect(old.take()).toEqual([]);
    expect(started.log.filter(line => line.startsWith('failed'))).toHaveLength(3);
  });

  test.each([4, 5] as const)(
    'a QoS 2 publish repeated while its handler works is acknowledged with it, and handled once, version %i',
    async version => {
      const started = await startBroker();
      const { promise, resolve } = Promise.withResolvers<void>();
      const seen: string[] = [];
      started.broker.realm('test').handle('t', ({ payload }) => {
        seen.push(payload.toString());
        return promise;
      });
      const { client: lost } = TestClient.connect(started, 'a', staying[version]);
      lost.publish('t', 'x', { qos: 2, packetId: 1 });
      lost.stream.lose();
      const { client } = TestClient.connect(started, 'a', staying[version]);
      client.publish('t', 'x', { qos: 2, packetId: 1, dup: true });
      await turn();
      expect(client.take()).toEqual([]);
      resolve();
      await turn();
      expect(client.take()).toMatchObject([{ type: 'pubrec', packetId: 1, reasonCode: 0 }]);
      expect(seen).toEqual(['x']);
    },
  );

  test.each([4, 5] as const)(
    'a QoS 2 publish that could not be handled is handled when repeated, version %i',
    async version => {
      const started = await startBroker();
      const answers = [Promise.reject(new Error('busy')), Promise.resolve()];
      started.broker.realm('test').handle('t', () => answers.shift());
      const { client: first } = TestClient.connect(started, 'a', staying[version]);
      first.publish('t', 'x', { qos: 2, packetId: 1 });
      await turn();
      expect(first.take()).toMatchObject(version === 5 ? [{ type: 'pubrec', packetId: 1, reasonCode: 0x83 }] : []);
      first.stream.lose();
      const { client } = TestClient.connect(started, 'a', staying[version]);
      client.publish('t', 'x', { qos: 2, packetId: 1, dup: true });
      await turn();
      expect(client.take()).toMatchObject([{ type: 'pubrec', packetId: 1, reasonCode: 0 }]);
      expect(answers).toEqual([]);
    },
  );

  test('an exclusive handler keeps its messages from clients and from being retained', async () => {
    const started = await startBroker();
    const realm = started.broker.realm('test');
    realm.handle('$aws/rules/#', () => {}, { exclusive: true });
    const { client } = TestClient.connect(started, 'a');
    client.subscribe('$aws/rules/#');
    client.publish('$aws/rules/x/t', '1', { qos: 1, packetId: 1, retain: true });
    expect(client.take()).toMatchObject([{ type: 'puback' }]);
    expect(realm.retained('$aws/rules/x/t')).toBeUndefined();
  });

  test('the program publishes and sends to single clients, in one realm and no other', async () => {
    const started = await startBroker({
      authenticate: ({ clientId }) => ({
        admitted: true,
        realm: clientId.split(' ')[0]!,
        principal: 'p',
        authorizer: started.authorizer(clientId),
      }),
    });
    const { client: here } = TestClient.connect(started, 'here 1');
    const { client: there } = TestClient.connect(started, 'there 1');
    here.subscribe('#', { noLocal: true });
    there.subscribe('#');
    const publisher = { clientId: '', principal: 'http' };
    const payload = Buffer.from('x');
    await started.broker.realm('here').publish({ topic: 't', payload, qos: 1, retain: false, publisher });
    expect(here.receive()).toEqual(['t x']);
    expect(there.receive()).toEqual([]);
    const direct = { topic: 'not/subscribed', payload, qos: 1, retain: false, publisher } as const;
    expect(started.broker.realm('there').sendTo('there 1', direct)).toBe(true);
    expect(there.receive()).toEqual(['not/subscribed x']);
    expect(started.broker.realm('here').sendTo('there 1', direct)).toBe(false);
    expect(() => started.broker.realm('here').publish({ ...direct, topic: 'a/#' })).toThrow(/wildcard/);
  });
});

test('a client that disconnects in the middle of a chunk has the rest of it ignored', async () => {
  const started = await startBroker();
  const { client: receiver } = TestClient.connect(started, 'receiver');
  receiver.subscribe('#');
  const { client } = TestClient.connect(started, 'a', { protocolVersion: 4 });
  client.sendHex('3004 0001 61 31' + 'e000' + '3004 0001 61 32');
  expect(receiver.messages()).toEqual(['a 1']);
});
