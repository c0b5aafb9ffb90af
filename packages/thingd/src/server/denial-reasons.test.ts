import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { expect, test } from 'vitest';
import { startThingd } from '../index.ts';

const own = 'arn:aws:iot:*:*:topic/${iot:ClientId}/data';
const anonymousPolicy = {
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Action: 'iot:Connect', Resource: 'arn:aws:iot:*:*:client/lamp-*' },
    { Effect: 'Allow', Action: 'iot:Publish', Resource: own },
  ],
};

/** What the broker says in words on this connection, packet by packet. */
function reasonsOn(client: MqttClient): string[] {
  const reasons: string[] = [];
  client.on('packetreceive', packet => {
    const { reasonString } = (packet as { properties?: { reasonString?: string } }).properties ?? {};
    if (reasonString !== undefined) reasons.push(reasonString);
  });
  return reasons;
}

async function withThingd(explainDenials: boolean, use: (url: string) => Promise<void>): Promise<void> {
  const thingd = await startThingd({ options: { anonymousPolicy, limits: { explainDenials } } });
  try {
    await use(thingd.endpoints.mqtt ?? '');
  } finally {
    await thingd.close();
  }
}

const options: IClientOptions = { protocolVersion: 5, clientId: 'lamp-1', reconnectPeriod: 0 };

test('with `explainDenials` an MQTT 5 client is told why it may not publish, subscribe or connect', () =>
  withThingd(true, async url => {
    const client = await mqtt.connectAsync(url, options);
    const reasons = reasonsOn(client);
    await expect(client.publishAsync('lamp-2/data', 'x', { qos: 1 })).rejects.toThrow('Not authorized');
    await expect(client.subscribeAsync('lamp-1/command')).rejects.toThrow();
    await client.endAsync();
    const arn = 'arn:aws:iot:us-east-1:000000000000';
    expect(reasons).toEqual([
      expect.stringContaining(
        `not authorized to publish to \`lamp-2/data\`: nothing allows \`iot:Publish\` on \`${arn}:topic/lamp-2/data\`; ` +
          'anonymous[1]: it is for `arn:aws:iot:*:*:topic/lamp-1/data`; this would allow it: {',
      ),
      expect.stringContaining(`nothing allows \`iot:Subscribe\` on \`${arn}:topicfilter/lamp-1/command\``),
    ]);

    const stranger = mqtt.connect(url, { ...options, clientId: 'door' });
    const refusals = reasonsOn(stranger);
    stranger.on('error', () => {}); // it is refused
    await new Promise<void>(resolve => stranger.once('close', () => resolve()));
    stranger.end(true);
    expect(refusals[0]).toMatch(/^not authorized to connect: nothing allows `iot:Connect` on `arn:.*:client\/door`; /);
  }));

test('without it the client learns that it may not, and nothing of the policies', () =>
  withThingd(false, async url => {
    const client = await mqtt.connectAsync(url, options);
    const reasons = reasonsOn(client);
    await expect(client.publishAsync('lamp-2/data', 'x', { qos: 1 })).rejects.toThrow('Not authorized');
    await client.endAsync();
    expect(reasons).toEqual(['not authorized to publish to `lamp-2/data`']);
  }));
