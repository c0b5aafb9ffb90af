/** The commands and their help; what they do is in the files beside this one. */
import { readFileSync } from 'node:fs';
import { Command, Option as Flag } from 'commander';
import pc from 'picocolors';
import {
  type Configuration,
  type ConfigurationSources,
  configure,
  defaultText,
  environmentOf,
  flagOf,
  type Mode,
  type Option,
  type OptionName,
  options,
  readConfigurationFile,
} from '../configuration/index.ts';
import type { ExplainAnswer, ExplainRequest } from '../server/explain.ts';
import { addAccessKey } from './access-key.ts';
import { call } from './call.ts';
import { exportLines } from './env.ts';
import { formatExplanation } from './explain.ts';
import { findInstallation, type Installation } from './installation.ts';
import { addRules } from './rules.ts';
import { serve } from './serve.ts';
import { addShadow } from './shadow.ts';
import { addSinks } from './sinks.ts';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const introduction = `${pc.bold('thingd')} — an IoT core you can own: AWS IoT Core's protocols on your own machines.
`;

const examples = `
${pc.bold('Try it')}
  $ thingd dev                      in one terminal
  $ eval "$(thingd env)"            in another
  $ aws iot create-thing --thing-name lamp-1

${pc.bold('Options')} are flags, environment variables (${environmentOf('http')} for ${flagOf('http')}) or entries of thingd.config.json;
flags win. \`thingd start --help\` lists them.`;

const print = (text: string): boolean => process.stdout.write(`${text}\n`);

export function createProgram(): Command {
  const program = new Command('thingd')
    .description(introduction)
    .version(version, '-v, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', examples)
    .configureHelp({ sortSubcommands: false });
  addServe(program, 'start', 'serve durably, closed by default: TLS, signed calls, policies');
  addServe(program, 'dev', 'serve in memory, take any AWS credentials, let plain MQTT do everything');
  addEnv(program);
  addExplain(program);
  addAccessKey(program, { add: addTarget, configuration: targetConfiguration });
  addShadow(program, { add: addTarget, find: target });
  addRules(program, { add: addTarget, find: target });
  addSinks(program, { add: addTarget, find: target });
  for (const command of allCommands(program)) {
    command.exitOverride().configureOutput({ outputError: (text, write) => write(`thingd: ${withoutPrefix(text)}`) });
  }
  return program;
}

const allCommands = (command: Command): Command[] => [command, ...command.commands.flatMap(allCommands)];

/** One line, and the program's own name before it. */
const withoutPrefix = (text: string): string =>
  `${text
    .replace(/^error: /, '')
    .trim()
    .replaceAll('\n', ' ')}\n`;

function addServe(program: Command, mode: Mode, description: string): void {
  const command = program.command(mode).description(description);
  command.option('--config <file>', 'read options from this file instead of ./thingd.config.json');
  for (const name of Object.keys(options) as OptionName[]) command.addOption(flagFor(name, mode));
  command.action(async ({ config, ...flags }: ConfigurationSources['flags'] & { config?: string }) => {
    const file = readConfigurationFile(config, process.cwd());
    await serve(configure({ mode, flags, environment: process.env, file }));
  });
}

function flagFor(name: OptionName, mode: Mode): Flag {
  const option = options[name] as Option<unknown>;
  const shown = defaultText(option, mode);
  const flag = new Flag(
    `${flagOf(name)} ${option.placeholder}`,
    shown === '' ? option.help : `${option.help} (${shown})`,
  );
  if (option.repeatable) flag.argParser((value: string, before: string[] = []) => [...before, value]);
  return flag;
}

/** Which running thingd a command is for. */
interface Target {
  readonly dataDir?: string;
  readonly http?: string;
}

function addTarget(command: Command): Command {
  return command
    .option('--data-dir <directory>', 'of the running thingd (./thingd-data, else whichever answers at --http)')
    .option('--http <address>', 'where a `thingd dev` without data directory listens (127.0.0.1:4566)');
}

/** What `thingd start` would go by here: the same environment and file tell a command where it is. */
function targetConfiguration({ dataDir, http }: Target): Configuration {
  const flags = { ...(dataDir && { dataDir }), ...(http && { http }) };
  const file = readConfigurationFile(undefined, process.cwd());
  return configure({ mode: 'start', flags, environment: process.env, file });
}

async function target(flags: Target): Promise<Installation> {
  const { dataDir = '', listeners } = targetConfiguration(flags);
  return findInstallation(dataDir, listeners.http);
}

function addEnv(program: Command): void {
  addTarget(program.command('env'))
    .description('print the exports that point the AWS CLI and SDKs at the running thingd')
    .addHelpText('after', '\n  $ eval "$(thingd env)"')
    .action(async (flags: Target) => {
      for (const line of exportLines(await target(flags))) print(line);
    });
}

interface ExplainFlags extends Target {
  readonly certificate: string;
  readonly clientId?: string;
  readonly action: ExplainRequest['action'];
  readonly topic?: string;
  readonly retain?: true;
  readonly json?: true;
}

function addExplain(program: Command): void {
  addTarget(program.command('explain'))
    .description('say why a device may connect, publish, subscribe or receive, or may not')
    .requiredOption('--certificate <arn or id>', 'the device’s certificate')
    .addOption(new Flag('--principal <arn or id>', 'the same').hideHelp())
    .addOption(
      new Flag('--action <action>', 'what it would do')
        .choices(['connect', 'publish', 'subscribe', 'receive'])
        .makeOptionMandatory(),
    )
    .option('--client-id <id>', 'as which client; needed to connect, and to tell the thing')
    .option('--topic <topic>', 'on which topic, or for `subscribe` with which filter')
    .option('--retain', 'as a retained message')
    .option('--json', 'answer as JSON')
    .addHelpText(
      'after',
      '\n  $ thingd explain --certificate "$ARN" --client-id lamp-1 --action publish --topic lamp-1/data\n\nExits with 0 if it may, with 1 if it may not.',
    )
    .action(async ({ certificate, clientId, action, topic, retain, json, ...flags }: ExplainFlags) => {
      const request: ExplainRequest = { certificate, clientId, action, topic, retain };
      const answer = await call<ExplainAnswer>(await target(flags), 'POST', '/thingd/v1/explain', request);
      print(json ? JSON.stringify(answer, null, 2) : formatExplanation(answer));
      if (!answer.allowed) process.exitCode = 1;
    });
}
