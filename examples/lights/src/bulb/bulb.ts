/** A bulb: light, a memory that survives darkness, a radio — and a wall switch in front of all of it. */
import { EventEmitter } from 'node:events';
import type { MqttClient } from 'mqtt';
import { type CommandMessage, sessionExpiry } from '../lights/commands.ts';
import type { LightState, NewLight } from '../lights/light.ts';
import { connect } from '../live/connect.ts';
import { firstState, obey } from './obey.ts';

/** What `POST /light` answers is all a bulb needs. */
export type Registration = Omit<NewLight, 'publicKey'>;

export class Bulb extends EventEmitter<{ change: []; error: [Error] }> {
  readonly #registration: Registration;
  #state = firstState;
  #client: MqttClient | undefined;

  constructor(registration: Registration) {
    super();
    this.#registration = registration;
  }

  get state(): LightState {
    return this.#state;
  }

  /** Whether the wall switch lets current through. */
  get powered(): boolean {
    return this.#client !== undefined;
  }

  get connected(): boolean {
    return this.#client?.connected ?? false;
  }

  /** Current: the bulb connects, hears what it was told meanwhile, and reports. */
  switchOn(): void {
    if (this.#client) return;
    const { id, topics } = this.#registration;
    const client = connect(
      { ...this.#registration, clientId: id },
      { clean: false, keepalive: 30, reconnectPeriod: 1000, properties: { sessionExpiryInterval: sessionExpiry } },
    );
    this.#client = client;
    client.on('message', (_, payload) => this.#hear(payload));
    client.on('connect', () => {
      client.subscribe(topics.command, { qos: 1 });
      this.#report();
    });
    client.on('close', () => this.emit('change'));
    client.on('error', error => this.emit('error', error));
    this.emit('change');
  }

  /** No current: the socket is gone without a word, as when someone uses the switch on the wall. */
  cut(): void {
    const client = this.#client;
    if (!client) return;
    this.#client = undefined;
    client.removeAllListeners('message');
    client.stream.destroy();
    client.end(true);
    this.emit('change');
  }

  #hear(payload: Buffer): void {
    const message = parse(payload);
    if (!message) return;
    this.#state = obey(this.#state, message);
    this.#report();
  }

  #report(): void {
    this.#client?.publish(this.#registration.topics.data, JSON.stringify(this.#state), { qos: 1, retain: true });
    this.emit('change');
  }
}

function parse(payload: Buffer): CommandMessage | undefined {
  try {
    return JSON.parse(payload.toString());
  } catch {
    return undefined;
  }
}
