/** The sink `file`: a line of JSON for each message, appended to a file that is rotated by size. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ActionRequest } from '@thingd/core';
import type { Definition } from './definition.ts';
import { LineFile, type LineFileSettings } from './line-file.ts';
import { away, invalid, isTemplate, refuseHeaders, type Sink, type SinkAddress, type SinkKind, unfit } from './sink.ts';

/** Files of lines a directory may come to have: a device that makes names up must not fill the disk with them. */
const mostFiles = 1000;
/** Lines on their way; more are told to come again. */
const longestQueue = 1000;

const namePattern = /^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,127}$/;

export const file: SinkKind = definition => {
  const [path, directory] = [optionalPath(definition, 'path'), optionalPath(definition, 'directory')];
  if ((path === undefined) === (directory === undefined)) throw invalid('one of `path` and `directory` is expected');
  const settings: LineFileSettings = {
    maxBytes: definition.count('maxBytes', 64 << 20, 1024, Number.MAX_SAFE_INTEGER),
    keep: definition.count('keep', 5, 0, 1000),
    mode: Number.parseInt(definition.oneOf('mode', ['0600', '0640', '0644'], '0600'), 8),
    sync: definition.oneOf('sync', ['always', 'never'], 'always') === 'always',
  };
  return new FileSink(path, directory, settings);
};

const optionalPath = (definition: Definition, name: string): string | undefined =>
  definition.optionalText(name) === undefined ? undefined : definition.path(name);

class FileSink implements Sink {
  readonly #path: string | undefined;
  readonly #directory: string | undefined;
  readonly #settings: LineFileSettings;
  readonly #files = new Map<string, LineFile>();
  /** Paths of the files in the directory, those of earlier runs included. */
  #present: Promise<Set<string>> | undefined;
  #waiting = 0;

  constructor(path: string | undefined, directory: string | undefined, settings: LineFileSettings) {
    this.#path = path;
    this.#directory = directory;
    this.#settings = settings;
  }

  check(address: SinkAddress): void {
    refuseHeaders(address, 'a file');
    const { rest } = address;
    if (this.#path !== undefined && rest !== undefined)
      throw invalid('the sink has one file, so nothing follows its name');
    if (this.#directory !== undefined && rest === undefined) throw invalid(`the sink is a directory: ${namesFile}`);
    if (rest !== undefined && !isTemplate(rest) && !namePattern.test(rest)) throw invalid(notName(rest));
  }

  async deliver({ payload, isJson }: ActionRequest, address: SinkAddress): Promise<string> {
    if (!isJson || payload.length === 0) throw unfit('what SELECT made is no JSON, so it is no line');
    const path = this.#pathOf(address);
    if (this.#waiting >= longestQueue) throw away(`${longestQueue} lines wait to be written`);
    this.#waiting += 1;
    try {
      await (await this.#fileAt(path)).append(lineOf(payload));
    } finally {
      this.#waiting -= 1;
    }
    return `appended to ${path}`;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#files.values()].map(opened => opened.idle()));
  }

  /** Throws a permanent `ActionFailure` for a name that could lead out of the directory. */
  #pathOf({ rest }: SinkAddress): string {
    if (this.#path !== undefined) {
      if (rest === undefined) return this.#path;
      throw unfit('the sink has one file, so nothing follows its name');
    }
    if (rest === undefined) throw unfit(`the sink is a directory: ${namesFile}`);
    if (!namePattern.test(rest)) throw unfit(notName(rest));
    return join(this.#directory!, `${rest}.jsonl`);
  }

  async #fileAt(path: string): Promise<LineFile> {
    if (this.#directory !== undefined) {
      this.#present ??= pathsIn(this.#directory);
      const present = await this.#present;
      if (!present.has(path) && present.size >= mostFiles) {
        throw unfit(`the directory has ${present.size} files of lines; no more are made`);
      }
      present.add(path);
    }
    let opened = this.#files.get(path);
    if (opened === undefined) {
      opened = new LineFile(path, this.#settings);
      this.#files.set(path, opened);
    }
    return opened;
  }
}

/** Of files of lines; none where there is no directory yet. */
async function pathsIn(directory: string): Promise<Set<string>> {
  const names = await readdir(directory).catch(() => []);
  return new Set(names.filter(name => name.endsWith('.jsonl')).map(name => join(directory, name)));
}

const namesFile = 'what follows its name and a slash is the file';

const notName = (rest: string): string =>
  `\`${rest}\` is no name for a file: letters, digits, \`_\`, \`-\` and \`.\`, not first, up to 128`;

/** Where the payload is the message's own bytes, it may stand on several lines: outside strings, which cannot hold any, a break is a space. */
export const lineOf = (payload: Buffer): string =>
  `${payload
    .toString('utf8')
    .trim()
    .replaceAll(/[\r\n]+/g, ' ')}\n`;
