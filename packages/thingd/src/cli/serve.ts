/** `thingd start` and `thingd dev`: runs until it is told to stop. */
import { join } from 'node:path';
import pc from 'picocolors';
import type { Configuration } from '../configuration/index.ts';
import { openLog } from '../observability/index.ts';
import { libuvGivesWay } from '../process/index.ts';
import { type RunningThingd, runThingd } from '../server/thingd.ts';
import { exportLines, shellQuoted } from './env.ts';

/** Stopping takes less than this, in milliseconds, or is cut short. */
const patience = 4500;

/** Resolves when the program has stopped in good order. */
export async function serve(configuration: Configuration): Promise<void> {
  const log = openLog({ level: configuration.logLevel, format: configuration.logFormat });
  const fail = (event: string) => (error: unknown) => {
    log.fatal({ event, error });
    process.exit(1);
  };
  process.on('uncaughtException', fail('crashed'));
  process.on('unhandledRejection', fail('crashed'));
  const stopped = stopSignal();
  const thingd = await runThingd({ configuration, log, onFailure: fail('store.failed') });
  libuvGivesWay();
  process.stdout.write(configuration.mode === 'dev' ? developerBanner(thingd) : operatorBanner(thingd));
  const signal = await stopped;
  log.info({ event: 'stopping', signal });
  setTimeout(() => fail('stop.incomplete')(new Error(`not stopped within ${patience} ms`)), patience).unref();
  await thingd.close();
}

/** The first signal; a second one ends the program at once, as users expect of Ctrl-C. */
function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise(resolve => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, resolve);
  });
}

function banner({ endpoints, directory }: RunningThingd): string {
  const { pid: _, ...urls } = endpoints;
  const rows = Object.entries(urls).map(([name, url]) => `  ${pc.dim(name.padEnd(6))} ${url}`);
  return `${pc.bold('thingd')} is serving; its files are in ${directory}\n${rows.join('\n')}\n`;
}

function operatorBanner(thingd: RunningThingd): string {
  const { directory } = thingd;
  return `${banner(thingd)}
The first access key is in ${join(directory, 'credentials.json')}, the root certificate for devices in ${join(directory, 'ca', 'root.pem')}.
To use both in a shell: eval "$(thingd env --data-dir ${shellQuoted(directory)})"
`;
}

function developerBanner(thingd: RunningThingd): string {
  const { endpoints, directory, credentials } = thingd;
  const exports = exportLines({ directory, endpoints, credentials }).map(line => `  ${line}`);
  return `${banner(thingd)}
Any AWS credentials will do; a 12-digit access key id is the account. For another terminal, or \`eval "$(thingd env)"\`:

${exports.join('\n')}

`;
}
