/**
 * The command table: what a phone may ask of a light. A row here is a route of the API, a message on `<id>/command`, its check
 * and its place in both documents; to add a command, add a row (and teach the bulb).
 */
import Type, { type Static, type TObject } from 'typebox';

export interface Command {
  /** One line for both makers. */
  readonly summary: string;
  /** Body of the request and, beside `command`, content of the message. */
  readonly parameters: TObject;
}

const none = Type.Object({}, { additionalProperties: false });

export const commands = {
  on: { summary: 'Give light.', parameters: none },
  off: { summary: 'Give no light.', parameters: none },
  brightness: {
    summary: 'Set how bright the light is when it is on.',
    parameters: Type.Object(
      { level: Type.Integer({ minimum: 1, maximum: 100, description: 'Percent of full light.', examples: [40] }) },
      { additionalProperties: false },
    ),
  },
  color: {
    summary: 'Set the color the light has when it is on.',
    parameters: Type.Object(
      { value: Type.String({ pattern: '^#[0-9a-f]{6}$', description: 'sRGB.', examples: ['#ffd7a8'] }) },
      { additionalProperties: false },
    ),
  },
} as const satisfies Record<string, Command>;

type Commands = typeof commands;
export type CommandName = keyof Commands;

/** A message on `<id>/command`: `{"command":"brightness","level":40}`. */
export type CommandMessage = { [N in CommandName]: { command: N } & Static<Commands[N]['parameters']> }[CommandName];

export const commandNames = Object.keys(commands) as CommandName[];

/** Seconds a command waits for a light that is off: who switched a light on yesterday morning does not mean tonight. */
export const commandExpiry = 12 * 60 * 60;

/**
 * Seconds a light's session outlives its connection, and so keeps commands for it; AWS's highest. The light asks for them.
 * *AWS: MQTT persistent sessions*
 */
export const sessionExpiry = 7 * 24 * 60 * 60;
