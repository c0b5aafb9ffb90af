/** The `aws` command against a running thingd: version 1 or 2, whichever the machine has. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Finished, run } from './command.ts';
import { temporaryDirectory } from './directory.ts';
import { cleanEnvironment, type Thingd } from './thingd.ts';

export class AwsCli {
  readonly #endpoint: string;
  readonly #env: Readonly<Record<string, string | undefined>>;

  constructor(thingd: Thingd, env: Readonly<Record<string, string | undefined>> = {}) {
    this.#endpoint = env.AWS_ENDPOINT_URL ?? thingd.endpoints.http.url;
    this.#env = { ...cleanEnvironment, ...thingd.env, ...quiet, ...env };
  }

  /** The command as typed; `--endpoint-url` is passed because versions before 2.13 do not read AWS_ENDPOINT_URL. */
  async run(...args: readonly string[]): Promise<Finished> {
    return run('aws', ['--endpoint-url', this.#endpoint, ...args], { env: this.#env });
  }

  /** The command's JSON answer (undefined where it prints nothing); a failure of the command is an error. */
  // biome-ignore lint/suspicious/noExplicitAny: the shape is the service's, each test reads what it needs
  async json(...args: readonly string[]): Promise<any> {
    const { exit, stdout, stderr } = await this.run(...args);
    if (exit !== 0) throw new Error(`aws ${args.join(' ')} exited with ${exit}: ${stderr}`);
    return stdout.trim() === '' ? undefined : JSON.parse(stdout);
  }

  /** What the command printed when it failed, and that it failed as the CLI does when the service refuses: with 254 or 255. */
  async failure(...args: readonly string[]): Promise<string> {
    const { exit, stdout, stderr } = await this.run(...args);
    if (exit !== 254 && exit !== 255) throw new Error(`aws ${args.join(' ')} exited with ${exit}: ${stdout}${stderr}`);
    return stderr.trim();
  }
}

/** Nowhere that AWS's tools would find credentials, but for the environment itself. */
export const noCredentials = {
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
};

/** Nothing of the user's configuration, no pager, no colours, no retries that hide an error. */
export const quiet = {
  ...noCredentials,
  AWS_MAX_ATTEMPTS: '1',
  AWS_PAGER: '',
};

/**
 * Where `AWS_ENDPOINT_URL` is not read by the machine's `aws` (before 1.29 and 2.13), a directory with one that reads it, to go
 * first in PATH: for commands that are run as printed.
 */
export async function awsForPath(): Promise<string | undefined> {
  const { stdout } = await run('aws', ['--version']);
  const [, major, minor] = /^aws-cli\/(\d+)\.(\d+)/.exec(stdout) ?? [];
  if (Number(minor) >= (major === '1' ? 29 : 13)) return undefined;
  const directory = await temporaryDirectory('thingd-aws-');
  const path = (await run('sh', ['-c', 'command -v aws'])).stdout.trim();
  const script = `#!/bin/sh\nexec '${path}' \${AWS_ENDPOINT_URL:+--endpoint-url "$AWS_ENDPOINT_URL"} "$@"\n`;
  await writeFile(join(directory, 'aws'), script, { mode: 0o755 });
  return directory;
}
