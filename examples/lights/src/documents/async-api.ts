/** The lamp's side as an AsyncAPI 3 document, out of the same schemas and the same command table as everything else. */
import Type from 'typebox';
import { type Command, commandExpiry, commandNames, commands, sessionExpiry } from '../lights/commands.ts';
import { LightId, LightState } from '../lights/light.ts';

export interface AsyncApiDocument {
  readonly asyncapi: '3.0.0';
  readonly [section: string]: unknown;
}

interface Documented {
  readonly description?: string | undefined;
  readonly examples?: unknown;
}

/** Written from where the lamp stands: it sends on `data` and receives on `command`. */
export function asyncApi(): AsyncApiDocument {
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Lights: the lamp',
      version: '1.0.0',
      description: [
        'What a lamp does so that a phone can switch it. Registering it (`POST /light`) gives an id, a certificate, a private key and an endpoint.',
        `**Connect** by MQTT 5 over TLS to the endpoint (port 443 unless it names one, ALPN \`x-amzn-mqtt-ca\`), with the certificate, the id as client id, \`Clean Start\` off and a session expiry of ${sessionExpiry} s: the session keeps commands for the lamp while it is off. With a keep-alive of 30 s, a lamp that fell silent is shown as unreachable after 45 s; one whose connection breaks, at once.`,
        '**Subscribe** to `command` with QoS 1 on every connection. A command may come twice; obeying it twice changes nothing.',
        '**Publish** the whole state to `data`, retained, with QoS 1: after connecting, and whenever it changes, whoever changed it.',
        'Any other topic or client id ends the connection: the certificate allows nothing else.',
      ].join('\n\n'),
    },
    defaultContentType: 'application/json',
    servers: {
      core: {
        host: '{endpoint}',
        protocol: 'secure-mqtt',
        protocolVersion: '5.0',
        variables: { endpoint: { description: '`endpoint` of the registration.' } },
        security: [{ $ref: '#/components/securitySchemes/certificate' }],
        bindings: { mqtt: { cleanSession: false, keepAlive: 30, sessionExpiryInterval: sessionExpiry } },
      },
    },
    channels: {
      data: {
        address: '{id}/data',
        title: 'What the lamp says of itself',
        parameters: { id: { $ref: '#/components/parameters/id' } },
        messages: { state: { $ref: '#/components/messages/state' } },
      },
      command: {
        address: '{id}/command',
        title: 'What the lamp is told',
        parameters: { id: { $ref: '#/components/parameters/id' } },
        messages: Object.fromEntries(commandNames.map(name => [name, { $ref: `#/components/messages/${name}` }])),
      },
    },
    operations: {
      report: {
        action: 'send',
        summary: 'Tell the state, whole, after connecting and whenever it changes.',
        channel: { $ref: '#/channels/data' },
        bindings: { mqtt: { qos: 1, retain: true } },
      },
      obey: {
        action: 'receive',
        summary: 'Do as told, then report.',
        channel: { $ref: '#/channels/command' },
        bindings: { mqtt: { qos: 1, messageExpiryInterval: commandExpiry } },
      },
    },
    components: {
      parameters: { id: documented(LightId) },
      securitySchemes: { certificate: { type: 'X509', description: 'The certificate and key of the registration.' } },
      messages: {
        state: {
          title: 'State',
          summary: documented(LightState).description,
          payload: plain(LightState),
          examples: [{ payload: { power: 'on', brightness: 80, color: '#ffd7a8' } }],
        },
        ...Object.fromEntries(commandNames.map(name => [name, commandMessage(name, commands[name])])),
      },
    },
  };
}

function commandMessage(name: string, { summary, parameters }: Command): object {
  const { properties } = parameters;
  const payload = Type.Object({ command: Type.Literal(name), ...properties }, { additionalProperties: false });
  const values = Object.entries(properties).map(([key, { examples = [] }]: [string, { examples?: unknown[] }]) => [
    key,
    examples[0],
  ]);
  return {
    title: name,
    summary,
    payload: plain(payload),
    examples: [{ payload: { command: name, ...Object.fromEntries(values) } }],
  };
}

/** What a schema says of itself to people. */
const documented = (schema: object): Documented => {
  const { description, examples }: Documented = schema;
  return { description, examples };
};

/** The schema alone, without what validators of ours hang on it. */
function plain(schema: object): object {
  const { $id: _, ...rest } = JSON.parse(JSON.stringify(schema));
  return rest;
}
