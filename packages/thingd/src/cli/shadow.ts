/** `thingd shadow …`: what a shadow was, who changed it, and the way back, on a terminal. */
import type { Difference, JsonObject, JsonValue, ShadowDiff, ShadowVersion, ShadowVersionSummary } from '@thingd/core';
import type { Command } from 'commander';
import pc from 'picocolors';
import type { VersionsAnswer } from '../shadows/index.ts';
import { call } from './call.ts';
import type { Installation } from './installation.ts';

/** How a command says which running thingd it is for. */
export interface Targeting {
  add(command: Command): Command;
  find(flags: object): Promise<Installation>;
}

interface Flags {
  readonly name?: string;
  readonly json?: true;
}

/** The most a page of the API has. */
const longestList = 250;

const print = (text: string): boolean => process.stdout.write(`${text}\n`);

export function addShadow(program: Command, targeting: Targeting): void {
  const group = program.command('shadow').description('the history of a thing’s shadow: who changed what, and back');
  const command = (name: string, description: string): Command =>
    targeting
      .add(group.command(name))
      .description(description)
      .argument('<thing>')
      .option('--name <shadow>', 'a named shadow; the classic one without')
      .option('--json', 'answer as JSON');

  command('history', 'list versions, the newest first')
    .option('--limit <count>', `how many, up to ${longestList}`, '20')
    .action(async (thing: string, { name, json, limit, ...flags }: Flags & { limit: string }) => {
      const path = `${pathOf(thing, name)}/versions?maxResults=${encodeURIComponent(limit)}`;
      const { versions } = await call<VersionsAnswer>(await targeting.find(flags), 'GET', path);
      print(json ? JSON.stringify(versions, null, 2) : formatVersions(versions));
    });
  command('show', 'print the shadow as it was')
    .option('--at <version or time>', 'a version, or a time such as 2026-01-31T12:00:00Z; now without')
    .action(async (thing: string, { name, json, at, ...flags }: Flags & { at?: string }) => {
      const path = `${pathOf(thing, name)}${at === undefined ? '' : `?at=${encodeURIComponent(at)}`}`;
      const version = await call<ShadowVersion>(await targeting.find(flags), 'GET', path);
      print(json ? JSON.stringify(version, null, 2) : formatVersion(version));
    });
  command('diff', 'print what differs between two versions or times')
    .argument('<from>', 'a version or a time')
    .argument('[to]', 'a version or a time; now without')
    .action(async (thing: string, from: string, to: string | undefined, { name, json, ...flags }: Flags) => {
      const until = to === undefined ? '' : `&to=${encodeURIComponent(to)}`;
      const path = `${pathOf(thing, name)}/diff?from=${encodeURIComponent(from)}${until}`;
      const diff = await call<ShadowDiff>(await targeting.find(flags), 'GET', path);
      print(json ? JSON.stringify(diff, null, 2) : formatDiff(diff));
    });
  command('restore', 'make the desired state what it was, as a new version that devices get the delta of')
    .argument('<to>', 'a version or a time')
    .option('--reported', 'the reported state too, though it is the device’s to say')
    .action(async (thing: string, to: string, { name, json, reported, ...flags }: Flags & { reported?: true }) => {
      const input = { to, sections: reported ? ['desired', 'reported'] : ['desired'] };
      const installation = await targeting.find(flags);
      const accepted = await call<Accepted>(installation, 'POST', `${pathOf(thing, name)}/restore`, input);
      print(json ? JSON.stringify(accepted, null, 2) : formatRestored(accepted));
    });
}

/** The part of `update/accepted` that is shown. */
interface Accepted {
  readonly version: number;
  readonly state: JsonObject;
}

function pathOf(thing: string, name: string | undefined): string {
  const classic = `/thingd/v1/things/${encodeURIComponent(thing)}/shadow`;
  return name === undefined ? classic : `${classic}/name/${encodeURIComponent(name)}`;
}

export function formatVersions(versions: readonly ShadowVersionSummary[]): string {
  if (versions.length === 0) return pc.dim('nothing is in the history');
  const width = String(versions[0]?.version).length;
  return versions.map(version => formatSummary(version, width)).join('\n');
}

/** Who and when on one line, each change on its own beneath. */
function formatSummary({ version, change, principal, updatedAt, deletedAt }: ShadowVersionSummary, width = 0): string {
  const head = [pc.bold(String(version).padStart(width)), timeOf(updatedAt), pc.dim(principal)].join('  ');
  const indent = ' '.repeat(width + 2);
  const lines = formatChange(change).map(line => indent + line);
  if (deletedAt !== undefined) lines.unshift(indent + pc.red(`deleted ${timeOf(deletedAt)}`));
  return [head, ...lines].join('\n');
}

export function formatVersion(version: ShadowVersion): string {
  const { desired, reported } = version;
  return [formatSummary({ ...version, change: {} }), JSON.stringify({ desired, reported }, null, 2)].join('\n');
}

export function formatDiff({ from, to, differences }: ShadowDiff): string {
  const head = `${pc.bold(String(from.version))} ${timeOf(from.updatedAt)}  →  ${pc.bold(String(to.version))} ${timeOf(to.updatedAt)}`;
  const lines = differences.length === 0 ? [pc.dim('no difference')] : differences.map(formatDifference);
  return [head, ...lines.map(line => `  ${line}`)].join('\n');
}

function formatDifference({ path, from, to }: Difference): string {
  const place = placeOf(path);
  if (from === undefined) return pc.green(`+ ${place} = ${JSON.stringify(to)}`);
  if (to === undefined) return pc.red(`- ${place} = ${JSON.stringify(from)}`);
  return `${pc.yellow('~')} ${place}: ${pc.red(JSON.stringify(from))} → ${pc.green(JSON.stringify(to))}`;
}

function formatRestored({ version, state }: Accepted): string {
  const changes = formatChange(state);
  return [
    `version ${pc.bold(String(version))}${changes.length === 0 ? ': nothing was different' : ''}`,
    ...changes.map(line => `  ${line}`),
  ].join('\n');
}

/** Each leaf of a request's `state`: what it was set to, or that it was removed. */
function formatChange(change: JsonObject | null): string[] {
  return change === null
    ? [pc.red('everything cleared')]
    : Object.entries(change).flatMap(([key, value]) => leaves(value, [key]));
}

function leaves(value: JsonValue, path: readonly string[]): string[] {
  if (value === null) return [pc.red(`${placeOf(path)} removed`)];
  const isBranch = typeof value === 'object' && !Array.isArray(value) && Object.keys(value).length > 0;
  if (!isBranch) return path.length === 1 ? [] : [`${placeOf(path)} = ${JSON.stringify(value)}`];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner as JsonValue, [...path, key]));
}

/** `desired.led`, and `desired["a b"]` where a name has other characters. */
const placeOf = (path: readonly string[]): string =>
  path
    .map((key, index) => (/^[\w$-]+$/.test(key) ? `${index === 0 ? '' : '.'}${key}` : `[${JSON.stringify(key)}]`))
    .join('');

/** Printed so that it can be given back as a time. */
const timeOf = (milliseconds: number): string => new Date(milliseconds).toISOString();
