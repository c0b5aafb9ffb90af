/**
 * Reads a sink's definition member by member. Who wrote it matters: the configuration file may name files and variables of this
 * machine; what came by the API may not, so that whoever may define sinks does not thereby read and write the operator's disk.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isHidden } from './secrets.ts';
import { away, invalid } from './sink.ts';

/** Asked at each connection, so that a renewed file is noticed. Throws a transient `ActionFailure` if it cannot be read. */
export type Late = () => string;

export class Definition {
  readonly #given: Readonly<Record<string, unknown>>;
  readonly #directory: string | undefined;
  readonly #read = new Set<string>();

  /** `directory` is what the files of a sink of the API lie in; undefined for the configuration's, which may name any. */
  constructor(given: Readonly<Record<string, unknown>>, directory: string | undefined) {
    this.#given = given;
    this.#directory = directory;
  }

  text(name: string): string {
    return this.optionalText(name) ?? this.#expected(name, 'text');
  }

  optionalText(name: string): string | undefined {
    const value = this.#member(name);
    if (value === undefined || (typeof value === 'string' && value !== '' && !value.includes('\0'))) return value;
    return this.#expected(name, 'text');
  }

  count(name: string, otherwise: number, least: number, most: number): number {
    const value = this.#member(name) ?? otherwise;
    if (Number.isInteger(value) && Number(value) >= least && Number(value) <= most) return Number(value);
    return this.#expected(name, `a number from ${least} to ${most}`);
  }

  flag(name: string): boolean {
    const value = this.#member(name) ?? false;
    return typeof value === 'boolean' ? value : this.#expected(name, 'true or false');
  }

  oneOf<T extends string | number>(name: string, words: readonly T[], otherwise?: T): T {
    const value = this.#member(name) ?? otherwise;
    return words.find(word => word === value) ?? this.#expected(name, words.join(', '));
  }

  /** At least one text. */
  texts(name: string): readonly string[] {
    const value = this.#member(name);
    const isList = Array.isArray(value) && value.length > 0;
    if (isList && value.every(item => typeof item === 'string' && item !== '' && !item.includes('\0'))) return value;
    return this.#expected(name, 'a list of texts');
  }

  /** An object whose members are texts; `{}` without it. */
  textsByName(name: string, allowed?: readonly string[]): Readonly<Record<string, string>> {
    const value = this.#member(name) ?? {};
    const isFit =
      isObject(value) &&
      Object.entries(value).every(
        ([key, text]) =>
          typeof text === 'string' && text !== '' && !text.includes('\0') && (allowed?.includes(key) ?? true),
      );
    if (isFit) return value as Record<string, string>;
    return this.#expected(name, `an object of texts${allowed === undefined ? '' : `: ${allowed.join(', ')}`}`);
  }

  /** A file or directory. From the API it is relative and without `..`, within the sink's own directory. */
  path(name: string): string {
    const given = this.text(name);
    if (this.#directory === undefined) return given;
    const parts = given.split('/');
    if (parts.every(part => /^[\w-][\w.-]*$/.test(part))) return join(this.#directory, ...parts);
    return this.#expected(name, 'a relative path of letters, digits, `_`, `-` and `.` for a sink made by the API');
  }

  /** A text; or in the configuration file `{"file": …}` or `{"env": …}`, for who keeps secrets elsewhere. */
  secret(name: string, pattern = /./, what = 'text'): Late | undefined {
    const value = this.#member(name);
    if (value === undefined) return undefined;
    if (typeof value === 'string' && pattern.test(value)) {
      if (isHidden(value)) throw invalid(`\`${name}\` is what stands in place of a secret, not the secret`);
      return () => value;
    }
    const read = this.#directory === undefined && isObject(value) ? elsewhere(name, value) : undefined;
    if (read === undefined) {
      return this.#expected(name, `${what}, or in the configuration file \`{"file": …}\` or \`{"env": …}\``);
    }
    return () => {
      const text = read();
      if (pattern.test(text)) return text;
      throw away(`\`${name}\` of the sink expects ${what}`);
    };
  }

  /** PEM, or in the configuration file the path of a file with it. */
  pem(name: string): Late | undefined {
    const value = this.optionalText(name);
    if (value === undefined) return undefined;
    if (value.startsWith('-----BEGIN ')) return () => value;
    if (isHidden(value)) throw invalid(`\`${name}\` is what stands in place of a secret, not the secret`);
    if (this.#directory === undefined) return () => fileContent(name, value);
    return this.#expected(name, 'PEM for a sink made by the API');
  }

  /** Refuses what nobody has asked for: a misspelled member would be ignored. */
  end(): void {
    const unknown = Object.keys(this.#given).find(name => !this.#read.has(name));
    if (unknown === undefined) return;
    throw invalid(`there is no member \`${unknown}\`; there may be ${[...this.#read].join(', ')}`);
  }

  #member(name: string): unknown {
    this.#read.add(name);
    return this.#given[name];
  }

  /** Does not repeat what was given: it may be a secret. */
  #expected(name: string, what: string): never {
    throw invalid(`\`${name}\` expects ${what}`);
  }
}

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function elsewhere(name: string, { file, env }: Readonly<Record<string, unknown>>): Late | undefined {
  if (typeof file === 'string' && env === undefined) return () => fileContent(name, file).trimEnd();
  if (typeof env === 'string' && file === undefined) return () => variable(name, env);
  return undefined;
}

function fileContent(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw away(`\`${name}\` of the sink cannot be read: ${(error as Error).message}`, error);
  }
}

function variable(name: string, env: string): string {
  const value = process.env[env];
  if (value) return value;
  throw away(`\`${name}\` of the sink is in the variable \`${env}\`, which is not set`);
}
