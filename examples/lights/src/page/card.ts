/** One light on the page. What was asked for is shown as waiting until the light itself reports it. */
import type { Light, LightState, LightUpdate } from './api.ts';
import { element } from './element.ts';
import { fillWords, language, words } from './words.ts';

export interface CardActions {
  command(id: string, name: string, parameters?: object): Promise<'now' | 'on-return'>;
  delete(light: Light): void;
}

export class Card {
  readonly root: HTMLElement;
  readonly #actions: CardActions;
  readonly #switch: HTMLButtonElement;
  readonly #brightness: HTMLInputElement;
  readonly #color: HTMLInputElement;
  #light: Light;
  #wanted: Partial<LightState> = {};

  constructor(light: Light, actions: CardActions) {
    const template = element<HTMLTemplateElement>('template#light');
    this.root = (template.content.cloneNode(true) as DocumentFragment).firstElementChild as HTMLElement;
    this.root.dataset.id = light.id;
    this.#light = light;
    this.#actions = actions;
    this.#switch = element('.switch', this.root);
    this.#brightness = element('.brightness', this.root);
    this.#color = element('input[type=color]', this.root);

    this.#switch.addEventListener('click', () => {
      const power = this.#shown.power === 'on' ? 'off' : 'on';
      this.#ask({ power }, power);
    });
    this.#brightness.addEventListener('input', () => this.#drawOutput());
    this.#brightness.addEventListener('change', () => {
      const level = this.#brightness.valueAsNumber;
      this.#ask({ brightness: level }, 'brightness', { level });
    });
    this.#color.addEventListener('change', () => {
      this.#ask({ color: this.#color.value }, 'color', { value: this.#color.value });
    });
    element('.delete', this.root).addEventListener('click', () => actions.delete(this.#light));
    this.draw();
  }

  get light(): Light {
    return this.#light;
  }

  update({ deleted: _, rejected: __, ...changed }: LightUpdate): void {
    this.#light = { ...this.#light, ...changed };
    const { state } = changed;
    if (state) {
      const open = Object.entries(this.#wanted).filter(([key, value]) => state[key as keyof LightState] !== value);
      this.#wanted = Object.fromEntries(open);
    }
    this.draw();
  }

  draw(): void {
    const { name, connectivity, state } = this.#light;
    const { power, brightness, color } = this.#shown;
    fillWords(this.root);
    element('h2', this.root).textContent = name;
    element('.status', this.root).textContent = this.#status();
    this.#switch.setAttribute('aria-checked', String(power === 'on'));
    this.#switch.setAttribute('aria-label', words().switchOf(name));
    element('.delete', this.root).setAttribute('aria-label', words().deleteOf(name));
    if (document.activeElement !== this.#brightness || !this.#isWaiting) this.#brightness.valueAsNumber = brightness;
    this.#color.value = color;
    this.#drawOutput();
    this.root.classList.toggle('lit', state?.power === 'on' && connectivity.connected);
    this.root.classList.toggle('unreachable', !connectivity.connected);
    this.root.classList.toggle('waiting', this.#isWaiting && connectivity.connected);
    this.root.style.setProperty('--light', state?.color ?? color);
    this.root.style.setProperty('--brightness', String((state?.brightness ?? brightness) / 100));
  }

  get #shown(): LightState {
    return { power: 'off', brightness: 80, color: '#ffd7a8', ...this.#light.state, ...this.#wanted };
  }

  get #isWaiting(): boolean {
    return Object.keys(this.#wanted).length > 0;
  }

  #status(): string {
    const { connected, since } = this.#light.connectivity;
    const { power } = this.#light.state ?? {};
    if (connected) return this.#isWaiting ? words().waiting : power ? words()[power] : '';
    if (since === undefined) return words().neverConnected;
    const unreachable = `${words().unreachable} · ${words().since(clock(since))}`;
    return this.#isWaiting ? `${unreachable} · ${words().onReturn}` : unreachable;
  }

  #drawOutput(): void {
    element('output', this.root).textContent = `${this.#brightness.value} %`;
  }

  async #ask(wanted: Partial<LightState>, name: string, parameters?: object): Promise<void> {
    const before = this.#wanted;
    this.#wanted = { ...before, ...wanted };
    this.draw();
    try {
      await this.#actions.command(this.#light.id, name, parameters);
    } catch {
      this.#wanted = before;
      this.draw();
    }
  }
}

/** The time of day, with the date if it is not today's. */
function clock(iso: string): string {
  const date = new Date(iso);
  const today = date.toDateString() === new Date().toDateString();
  const format: Intl.DateTimeFormatOptions = today
    ? { timeStyle: 'short' }
    : { dateStyle: 'short', timeStyle: 'short' };
  return date.toLocaleString(language, format);
}
