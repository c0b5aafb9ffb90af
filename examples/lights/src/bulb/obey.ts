/** What a bulb does with a command, as a function of values. */
import type { CommandMessage } from '../lights/commands.ts';
import type { LightState } from '../lights/light.ts';

/** As it left the factory. */
export const firstState: LightState = { power: 'on', brightness: 80, color: '#ffd7a8' };

/** The state after the command. What the bulb does not know it ignores, so that newer phones do no harm. */
export function obey(state: LightState, message: CommandMessage): LightState {
  switch (message.command) {
    case 'on':
    case 'off':
      return { ...state, power: message.command };
    case 'brightness':
      return { ...state, brightness: message.level };
    case 'color':
      return { ...state, color: message.value };
    default:
      message satisfies never;
      return state;
  }
}
