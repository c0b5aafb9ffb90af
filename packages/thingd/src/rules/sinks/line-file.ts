/**
 * A file of lines: appended in the order they come, several at once where several wait, rotated by size. It is opened for each
 * write, so that somebody who moves it away gets a new one made.
 */
import { existsSync } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { away } from './sink.ts';

export interface LineFileSettings {
  /** The file is rotated before it would grow beyond. */
  readonly maxBytes: number;
  /** How many rotated ones are kept: `<path>.1` is the newest. */
  readonly keep: number;
  readonly mode: number;
  /** Whether a line is on the disk, and not only with the system, when it counts as written. */
  readonly sync: boolean;
}

interface Waiting {
  readonly line: string;
  resolve(): void;
  reject(error: Error): void;
}

export class LineFile {
  readonly #path: string;
  readonly #settings: LineFileSettings;
  readonly #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;

  constructor(path: string, settings: LineFileSettings) {
    this.#path = path;
    this.#settings = settings;
  }

  /** Resolves when the line is written. Rejects with a transient `ActionFailure`, and then nothing of the line is there. */
  append(line: string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ line, resolve, reject });
    this.#writing ??= this.#writeAll();
    return promise;
  }

  /** Resolves when nothing waits. */
  async idle(): Promise<void> {
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#nextGroup();
      try {
        await this.#write(Buffer.from(group.map(({ line }) => line).join('')));
        for (const { resolve } of group) resolve();
      } catch (error) {
        const failure = away((error as Error).message, error);
        for (const { reject } of group) reject(failure);
      }
    }
    this.#writing = undefined;
  }

  /** As many as fit into one file, but at least one. */
  #nextGroup(): Waiting[] {
    let bytes = 0;
    const end = this.#waiting.findIndex(({ line }) => {
      bytes += Buffer.byteLength(line);
      return bytes > this.#settings.maxBytes;
    });
    return this.#waiting.splice(0, end < 0 ? this.#waiting.length : Math.max(1, end));
  }

  async #write(lines: Buffer): Promise<void> {
    const { maxBytes, sync } = this.#settings;
    let handle = await this.#open();
    try {
      let { size } = await handle.stat();
      if (size > 0 && size + lines.length > maxBytes) {
        await handle.close();
        await this.#rotate();
        handle = await this.#open();
        size = 0;
      }
      try {
        // A crash within a write leaves a line without its end, which must not swallow the next one.
        if (size > 0 && !(await endsWithLine(handle, size))) await handle.appendFile('\n');
        await handle.appendFile(lines);
        if (sync) await handle.datasync();
        if (sync && size === 0) await syncDirectory(dirname(this.#path));
      } catch (error) {
        await handle.truncate(size).catch(() => {});
        throw error;
      }
    } finally {
      await handle.close();
    }
  }

  async #open(): Promise<FileHandle> {
    try {
      return await open(this.#path, 'a+', this.#settings.mode);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
      return open(this.#path, 'a+', this.#settings.mode);
    }
  }

  /** The oldest goes first, so that a crash in between leaves a gap in the numbers and loses nothing that is to be kept. */
  async #rotate(): Promise<void> {
    const { keep } = this.#settings;
    if (keep === 0) return rm(this.#path, { force: true });
    let last = 0;
    while (last < keep - 1 && existsSync(this.#numbered(last + 1))) last += 1;
    for (let number = last; number >= 0; number--) await rename(this.#numbered(number), this.#numbered(number + 1));
    await syncDirectory(dirname(this.#path));
  }

  #numbered(number: number): string {
    return number === 0 ? this.#path : `${this.#path}.${number}`;
  }
}

async function endsWithLine(handle: FileHandle, size: number): Promise<boolean> {
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer[0] === 0x0a;
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  await handle.sync().finally(() => handle.close());
}
