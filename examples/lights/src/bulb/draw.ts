/** A bulb in one line of a terminal. */
import type { Bulb } from './bulb.ts';

export function draw(
  name: string,
  { powered, connected, state }: Pick<Bulb, 'powered' | 'connected' | 'state'>,
): string {
  const lit = powered && state.power === 'on';
  const lamp = lit ? inColor(state.color, '●') : '○';
  const words = [lit ? `${state.brightness} % ${state.color}` : 'dark'];
  if (!powered) words.push('off at the wall');
  else if (!connected) words.push('connecting');
  return `${lamp} ${name}: ${words.join(', ')}`;
}

function inColor(color: string, text: string): string {
  const [red, green, blue] = [1, 3, 5].map(at => Number.parseInt(color.slice(at, at + 2), 16));
  return process.stdout.isTTY ? `\x1b[38;2;${red};${green};${blue}m${text}\x1b[0m` : text;
}
