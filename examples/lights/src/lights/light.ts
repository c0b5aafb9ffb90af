/** What a light is, to the phone and to the lamp alike: the schemas that check, type and document every message. */
import Type, { type Static } from 'typebox';

/** What a lamp says of itself on `<id>/data`. */
export const LightState = Type.Object(
  {
    power: Type.Union([Type.Literal('on'), Type.Literal('off')], { description: 'Whether the lamp gives light.' }),
    brightness: Type.Integer({ minimum: 1, maximum: 100, description: 'Percent of full light.' }),
    color: Type.String({ pattern: '^#[0-9a-f]{6}$', description: 'sRGB, in lower case.', examples: ['#ffd7a8'] }),
  },
  { $id: 'LightState', additionalProperties: true, description: 'What the lamp last said of itself.' },
);
export type LightState = Static<typeof LightState>;

/** Whether a light can be reached now, and since when. */
export const Connectivity = Type.Object(
  {
    connected: Type.Boolean({ description: 'False for a light that is cut off at the wall, too.' }),
    since: Type.Optional(
      Type.String({ format: 'date-time', description: 'Of the last change. Missing if it never connected.' }),
    ),
  },
  { $id: 'Connectivity' },
);
export type Connectivity = Static<typeof Connectivity>;

export const LightId = Type.String({
  pattern: '^light[0-9a-f]{16}$',
  description: "The light's id: its thing name and its MQTT client id.",
  examples: ['light4f0c1b2a99d87e65'],
});

/** A name as its owner wrote it: any language, no control characters, nothing but a name. */
export const LightName = Type.String({
  minLength: 1,
  maxLength: 60,
  pattern: '^[^\\p{Cc}]*[^\\p{Cc}\\s][^\\p{Cc}]*$',
  description: 'What its owner calls it.',
  examples: ['居間', 'Kitchen'],
});

export const Light = Type.Object(
  {
    id: LightId,
    name: LightName,
    connectivity: Type.Unsafe<Connectivity>({ $ref: 'Connectivity#' }),
    state: Type.Optional(Type.Unsafe<LightState>({ $ref: 'LightState#' })),
  },
  { $id: 'Light', description: 'A light; without `state` until it has spoken for the first time.' },
);
export type Light = Static<typeof Light>;

/** What changed of a light; what did not change is missing. */
export type LightUpdate = Pick<Light, 'id'> &
  Partial<Light> & { readonly deleted?: true; readonly rejected?: Rejected };

/** A report that is not as documented, for the lamp's maker to see. */
export interface Rejected {
  /** Its beginning. */
  readonly payload: string;
  readonly reasons: readonly string[];
}

export const NewLight = Type.Object(
  {
    id: LightId,
    name: LightName,
    certificatePem: Type.String({ description: "The light's X.509 certificate." }),
    privateKey: Type.String({ description: 'Told once and kept nowhere: whoever loses it registers the light again.' }),
    publicKey: Type.String(),
    endpoint: Type.String({ description: 'Host and port the light speaks MQTT with, ALPN `x-amzn-mqtt-ca`.' }),
    certificateAuthority: Type.Optional(Type.String({ description: 'PEM to trust, where no public authority does.' })),
    topics: Type.Object({
      data: Type.String({ description: 'Where the light publishes, and may publish alone.' }),
      command: Type.String({ description: 'What the light subscribes to, and may subscribe to alone.' }),
    }),
  },
  { $id: 'NewLight', description: 'All that a lamp needs to connect.' },
);
export type NewLight = Static<typeof NewLight>;

export const dataTopic = (id: string): string => `${id}/data`;
export const commandTopic = (id: string): string => `${id}/command`;
