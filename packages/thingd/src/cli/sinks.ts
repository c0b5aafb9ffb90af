/** `thingd sinks …`: the places of one's own that rules write to. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import pc from 'picocolors';
import { ConfigurationError } from '../configuration/index.ts';
import type { SinkEntry, SinksAnswer } from '../rules/index.ts';
import { call } from './call.ts';
import type { Targeting } from './shadow.ts';

interface Flags {
  readonly json?: true;
}

const examples = `
  $ thingd sinks put plant plant.json
  $ aws iot create-topic-rule --rule-name toPlant --topic-rule-payload '{
      "sql": "SELECT * FROM '"'rooms/+'"'", "actions": [{"http": {"url": "thingd:plant"}}]}'

\`ca\`, \`cert\` and \`key\` may be paths beside the file: what is in them is sent.`;

const print = (text: string): boolean => process.stdout.write(`${text}\n`);

export function addSinks(program: Command, targeting: Targeting): void {
  const group = program
    .command('sinks')
    .description('what rules write to as thingd:<sink>: databases, files, chats, brokers');
  const command = (name: string, description: string): Command =>
    targeting.add(group.command(name)).description(description).option('--json', 'answer as JSON');

  command('list', 'list sinks, and how they have fared since thingd started').action(
    async ({ json, ...flags }: Flags) => {
      const { sinks } = await call<SinksAnswer>(await targeting.find(flags), 'GET', '/thingd/v1/sinks');
      print(json ? JSON.stringify(sinks, null, 2) : formatSinks(sinks));
    },
  );
  command('show', 'print a sink, without its secrets')
    .argument('<sink>')
    .action(async (sink: string, { json, ...flags }: Flags) => {
      const entry = await call<SinkEntry>(await targeting.find(flags), 'GET', pathOf(sink));
      print(json ? JSON.stringify(entry, null, 2) : formatSink(entry));
    });
  command('put', 'make a sink, or replace it')
    .argument('<sink>')
    .argument('<file>', 'its definition as JSON; `-` for standard input')
    .addHelpText('after', examples)
    .action(async (sink: string, file: string, { json, ...flags }: Flags) => {
      const entry = await call<SinkEntry>(await targeting.find(flags), 'PUT', pathOf(sink), readDefinition(file));
      print(json ? JSON.stringify(entry, null, 2) : formatSink(entry));
    });
  command('delete', 'delete a sink that no rule names')
    .argument('<sink>')
    .action(async (sink: string, { json: _, ...flags }: Flags) => {
      await call(await targeting.find(flags), 'DELETE', pathOf(sink));
    });
}

const pathOf = (sink: string): string => `/thingd/v1/sinks/${encodeURIComponent(sink)}`;

/** The definition with the PEM files it names in their place. Throws `ConfigurationError`. */
export function readDefinition(file: string): Record<string, unknown> {
  try {
    const definition = JSON.parse(readFileSync(file === '-' ? 0 : file, 'utf8')) as Record<string, unknown>;
    const beside = file === '-' ? '.' : dirname(file);
    for (const name of ['ca', 'cert', 'key']) {
      const given = definition[name];
      if (typeof given !== 'string' || given.startsWith('-----BEGIN ')) continue;
      definition[name] = readFileSync(resolve(beside, given), 'utf8');
    }
    return definition;
  } catch (error) {
    throw new ConfigurationError(`<file> expects a sink's definition as JSON: ${(error as Error).message}`);
  }
}

export function formatSinks(sinks: readonly SinkEntry[]): string {
  if (sinks.length === 0) return pc.dim('there are no sinks');
  const width = Math.max(...sinks.map(({ sinkName }) => sinkName.length));
  return sinks.map(sink => formatHead(sink, width)).join('\n');
}

const formatSink = (sink: SinkEntry): string => `${formatHead(sink)}\n${JSON.stringify(sink.definition, null, 2)}`;

function formatHead({ sinkName, kind, source, delivered, failed, lastFailure }: SinkEntry, width = 0): string {
  const counts = `${delivered} delivered, ${failed} attempts failed`;
  const head = [pc.bold(sinkName.padEnd(width)), kind.padEnd(10), pc.dim(`${source}, ${counts}`)].join('  ');
  if (lastFailure === undefined) return head;
  return `${head}\n    ${pc.red(`${new Date(lastFailure.at).toISOString()} ${lastFailure.message}`)}`;
}
