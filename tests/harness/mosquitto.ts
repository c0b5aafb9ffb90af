/** A mosquitto broker of the test's own, that may be away for a while and keeps its sessions meanwhile. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { launch, type Running } from './command.ts';
import { temporaryDirectory } from './directory.ts';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';

export class Mosquitto {
  readonly port: number;
  readonly #configuration: string;
  #broker: Running | undefined;

  private constructor(port: number, configuration: string) {
    this.port = port;
    this.#configuration = configuration;
  }

  static async start(): Promise<Mosquitto> {
    const port = await freePort();
    const directory = await temporaryDirectory('thingd-mosquitto-');
    const configuration = join(directory, 'mosquitto.conf');
    // As root it would become a user that cannot write here.
    const lines = ['allow_anonymous true', 'persistence true', `persistence_location ${directory}/`, 'user root'];
    await writeFile(configuration, [`listener ${port} 127.0.0.1`, ...lines, ''].join('\n'));
    const broker = new Mosquitto(port, configuration);
    await broker.open();
    return broker;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  async open(): Promise<void> {
    const broker = launch('/usr/sbin/mosquitto', ['-c', this.#configuration]);
    this.#broker = broker;
    await eventually('mosquitto answers', async () => {
      const client = await connectAsync(this.url, { reconnectPeriod: 0 }, false);
      await client.endAsync();
      return true;
    });
    // Somebody else may have been faster to take the port, and have answered.
    if (!broker.running) throw new Error(`mosquitto ended with ${await broker.exited}: ${broker.stderr}`);
  }

  async close(): Promise<void> {
    await this.#broker?.stop();
  }
}
