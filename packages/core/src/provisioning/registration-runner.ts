/**
 * Goes through the lines of bulk registrations, many at a time, and keeps what came of them with how far it is in one commit: after
 * a crash a task goes on behind the last lines kept. Those under way then are registered again; what of them has no identity of its
 * own, a certificate made from a CSR, is then made twice.
 */
import type { Domain } from '../domain.ts';
import { ServiceError } from '../errors.ts';
import { type Realm, realmKey, realmOfKey } from '../realm.ts';
import { StaleWrite } from '../store/store.ts';
import type { Registered, Registration } from './registration.ts';
import { type InputFile, type InputLine, isRunning, linesOf, type ReportEntry } from './registration-task.ts';
import {
  insertReportEntries,
  readRunningTasks,
  readTask,
  replaceTask,
  type TaskProgress,
} from './registration-task-store.ts';
import type { TaskRunner } from './registration-tasks.ts';
import { parseTemplate, type Template } from './template.ts';

/** Where the input files are: Amazon S3, or what speaks its protocol. */
export interface ObjectStorage {
  /** Throws `ServiceError` or any other error with a message for the task where the file cannot be read. */
  read(
    realm: Realm,
    file: InputFile,
    signal: AbortSignal,
  ): Promise<{ readonly size: number; readonly body: AsyncIterable<Uint8Array> }>;
}

export interface RegistrationRunnerOptions {
  readonly storage: ObjectStorage;
  /** A task came to a stop that its file is not to blame for: a failure of the store, or a bug. It goes on at the next start. */
  readonly failed: (error: unknown, where: string) => void;
}

/** Lines registered at once, and kept in one commit. */
const batch = 20;

export class RegistrationRunner implements TaskRunner {
  readonly #domain: Domain;
  readonly #registration: Registration;
  readonly #options: RegistrationRunnerOptions;
  readonly #running = new Map<string, Promise<void>>();
  readonly #closing = new AbortController();

  constructor(domain: Domain, registration: Registration, options: RegistrationRunnerOptions) {
    this.#domain = domain;
    this.#registration = registration;
    this.#options = options;
  }

  /** Goes on with every task that an earlier process left under way. */
  async start(): Promise<void> {
    for (const { realm, taskId } of await readRunningTasks(this.#domain.store)) this.run(realmOfKey(realm), taskId);
  }

  run(realm: Realm, taskId: string): void {
    const key = `${realmKey(realm)} ${taskId}`;
    if (this.#closing.signal.aborted || this.#running.has(key)) return;
    const running = this.#work(realm, taskId)
      .catch(error => this.#options.failed(error, `bulk registration \`${taskId}\``))
      .finally(() => this.#running.delete(key));
    this.#running.set(key, running);
  }

  /** Resolves when no task is under way. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.values());
  }

  /** Stops after the lines under way. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.settled();
  }

  async #work(realm: Realm, taskId: string): Promise<void> {
    const progress = await readTask(this.#domain.store, realmKey(realm), taskId);
    if (!progress || !isRunning(progress.task)) return;
    if (progress.task.status === 'Cancelling') return this.#end(realm, taskId, 'Cancelled');
    const template = parseTemplate(progress.task.templateBody);
    let lines: InputLine[] = [];
    try {
      const { size, body } = await this.#options.storage.read(realm, progress.task, this.#closing.signal);
      for await (const line of linesOf(body)) {
        if (this.#closing.signal.aborted) return;
        if (line.lineNumber <= progress.lastLine) continue;
        lines.push(line);
        if (lines.length < batch) continue;
        if (!(await this.#registerLines(realm, taskId, template, lines, size)))
          return this.#end(realm, taskId, 'Cancelled');
        lines = [];
      }
      if (this.#closing.signal.aborted) return;
      if (lines.length > 0) await this.#registerLines(realm, taskId, template, lines, size);
    } catch (error) {
      if (error instanceof LostTask) throw error;
      if (this.#closing.signal.aborted) return;
      return this.#end(realm, taskId, 'Failed', messageOf(error));
    }
    await this.#end(realm, taskId, 'Completed');
  }

  /** Answers whether to go on: false, when the task is to be cancelled. */
  async #registerLines(
    realm: Realm,
    taskId: string,
    template: Template,
    lines: readonly InputLine[],
    size: number,
  ): Promise<boolean> {
    const entries = await Promise.all(lines.map(line => this.#registerLine(realm, template, line)));
    const { lineNumber: lastLine, end } = lines.at(-1)!;
    const failures = entries.filter(({ reportType }) => reportType === 'ERRORS').length;
    const { status } = await this.#change(taskId, realm, ({ task }) => ({
      next: {
        lastLine,
        successCount: task.successCount + entries.length - failures,
        failureCount: task.failureCount + failures,
        percentageProgress: size === 0 ? 0 : Math.min(99, Math.floor((100 * end) / size)),
      },
      entries,
    }));
    return status === 'InProgress';
  }

  async #registerLine(realm: Realm, template: Template, { lineNumber, offset, text }: InputLine): Promise<ReportEntry> {
    try {
      const response = responseOf(await this.#registration.register(realm, template, parametersOf(text)));
      return { reportType: 'RESULTS', lineNumber, entry: JSON.stringify({ lineNumber, offset, response }) };
    } catch (error) {
      const known = error instanceof ServiceError;
      if (!known) this.#options.failed(error, `line ${lineNumber} of a bulk registration`);
      const errorCode = known ? error.name : 'InternalFailureException';
      const entry = { lineNumber, offset, errorCode, errorMessage: known ? error.message : 'internal failure' };
      return { reportType: 'ERRORS', lineNumber, entry: JSON.stringify(entry) };
    }
  }

  /** A task that is being cancelled ends so, whatever it came to meanwhile. */
  async #end(
    realm: Realm,
    taskId: string,
    status: 'Completed' | 'Failed' | 'Cancelled',
    message?: string,
  ): Promise<void> {
    await this.#change(taskId, realm, ({ task }) => ({
      next: {
        status: task.status === 'Cancelling' ? 'Cancelled' : status,
        ...(message !== undefined && { message: message.slice(0, 2048) }),
        ...(status === 'Completed' && { percentageProgress: 100 }),
      },
      entries: [],
    }));
  }

  /** Answers the task as it was when the change was made. */
  async #change(
    taskId: string,
    realm: Realm,
    decide: (present: TaskProgress) => {
      readonly next: Parameters<typeof replaceTask>[3];
      readonly entries: readonly ReportEntry[];
    },
  ): Promise<TaskProgress['task']> {
    const { store, clock } = this.#domain;
    const key = realmKey(realm);
    for (;;) {
      const present = await readTask(store, key, taskId);
      if (!present || !isRunning(present.task)) throw new LostTask(taskId);
      const { next, entries } = decide(present);
      try {
        await store.commit([
          replaceTask(store, key, present, next, clock.now()),
          ...insertReportEntries(store, key, taskId, entries),
        ]);
        return present.task;
      } catch (error) {
        // A stop came between; what has been registered is to be kept all the same.
        if (!(error instanceof StaleWrite)) throw new LostTask(taskId, { cause: error });
      }
    }
  }
}

/** The task cannot be kept any more: nothing is left to write its end to. */
class LostTask extends Error {
  override readonly name = 'LostTask';

  constructor(taskId: string, options?: ErrorOptions) {
    super(`bulk registration \`${taskId}\` cannot be kept`, options);
  }
}

const responseOf = ({ certificatePem, resourceArns }: Registered) => ({
  CertificatePem: certificatePem,
  ResourceArns: resourceArns,
});

/** Throws `InvalidRequestException` unless the line is an object of strings. */
function parametersOf(text: string): Record<string, string> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new ServiceError('InvalidRequestException', `the line is not JSON: ${messageOf(error)}`);
  }
  const isObject = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
  if (isObject && Object.values(parsed as object).every(value => typeof value === 'string')) {
    return parsed as Record<string, string>;
  }
  throw new ServiceError('InvalidRequestException', 'the line is not a JSON object whose values are strings');
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
