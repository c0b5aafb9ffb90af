/** The `thingd` command: exit 0 when done, 2 for a mistake of the user's in one line, 1 for everything else. */
import { CommanderError } from 'commander';
import { CallRefused } from './cli/call.ts';
import { NotRunning } from './cli/installation.ts';
import { createProgram } from './cli/program.ts';
import { ConfigurationError } from './configuration/index.ts';

async function main(): Promise<void> {
  try {
    await createProgram().parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      // Its own message is printed already, help and version among them.
      process.exitCode = error.exitCode === 0 ? 0 : 2;
    } else if (error instanceof ConfigurationError) {
      fail(error, 2);
    } else if (error instanceof NotRunning || error instanceof CallRefused) {
      fail(error, 1);
    } else {
      throw error;
    }
  }
}

function fail({ message }: Error, exitCode: number): void {
  process.stderr.write(`thingd: ${message}\n`);
  process.exitCode = exitCode;
}

await main();
