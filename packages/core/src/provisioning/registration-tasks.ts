/** Use-cases of bulk registrations: started, stopped, described, listed, and what they report. */
import { randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import type { Domain } from '../domain.ts';
import { ServiceError } from '../errors.ts';
import { type Realm, realmKey } from '../realm.ts';
import { type Listing, type Page, type PageRequest, readPage } from '../store/pagination.ts';
import { retryStale } from '../store/retry.ts';
import {
  type InputFile,
  isRunning,
  type RegistrationTask,
  type RegistrationTaskStatus,
  type ReportType,
} from './registration-task.ts';
import {
  insertTask,
  listReportEntries,
  listTasks,
  readTask,
  replaceTask,
  type TaskProgress,
} from './registration-task-store.ts';
import { parseTemplate } from './template.ts';

export interface StartRegistrationTask extends InputFile {
  readonly templateBody: string;
}

/** Who goes through a task's lines; told when there is one to begin with. */
export interface TaskRunner {
  run(realm: Realm, taskId: string): void;
}

const taskListing: Listing<RegistrationTask> = {
  name: 'registration tasks',
  order: ['number', 'string'],
  position: task => [task.createdAt, task.taskId],
};

const linesAtOnce = 500;

export class RegistrationTasks {
  readonly #domain: Domain;
  readonly #runner: TaskRunner;

  constructor(domain: Domain, runner: TaskRunner) {
    this.#domain = domain;
    this.#runner = runner;
  }

  /**
   * Answers the task's id at once. Throws `InvalidRequestException` for a template that is none, and while another task runs: one may
   * at a time (AWS: "Bulk registration").
   */
  async start(realm: Realm, { templateBody, ...file }: StartRegistrationTask): Promise<string> {
    const { store, clock } = this.#domain;
    parseTemplate(templateBody);
    return retryStale(async () => {
      if (await this.#anyRunning(realm)) {
        throw new ServiceError('InvalidRequestException', 'a bulk registration is under way; only one runs at a time');
      }
      const now = clock.now();
      const task: RegistrationTask = {
        ...file,
        taskId: randomUUID(),
        templateBody,
        status: 'InProgress',
        message: undefined,
        successCount: 0,
        failureCount: 0,
        percentageProgress: 0,
        createdAt: now,
        modifiedAt: now,
        reportKey: randomBytes(32).toString('hex'),
      };
      await store.commit([insertTask(store, realmKey(realm), task)]);
      this.#runner.run(realm, task.taskId);
      return task.taskId;
    });
  }

  /**
   * The lines under way are finished; stopping again changes nothing. Throws `ResourceNotFoundException`, `InvalidRequestException`
   * for a task that is over.
   */
  stop(realm: Realm, taskId: string): Promise<void> {
    const { store, clock } = this.#domain;
    return retryStale(async () => {
      const progress = await this.#require(realm, taskId);
      const { status } = progress.task;
      if (status === 'Cancelling' || status === 'Cancelled') return;
      if (!isRunning(progress.task)) {
        throw new ServiceError('InvalidRequestException', `task \`${taskId}\` is over: it is ${status}`);
      }
      await store.commit([replaceTask(store, realmKey(realm), progress, { status: 'Cancelling' }, clock.now())]);
      this.#runner.run(realm, taskId);
    });
  }

  /** Throws `ResourceNotFoundException`. */
  async describe(realm: Realm, taskId: string): Promise<RegistrationTask> {
    return (await this.#require(realm, taskId)).task;
  }

  /** The newest first. */
  list(
    realm: Realm,
    filter: PageRequest & { readonly status?: RegistrationTaskStatus | undefined },
  ): Promise<Page<RegistrationTask>> {
    return readPage(taskListing, filter, (after, limit) =>
      listTasks(this.#domain.store, realmKey(realm), filter, after, limit),
    );
  }

  /** Whether a report has lines yet, and the key that opens it. Throws `ResourceNotFoundException`. */
  async report(
    realm: Realm,
    taskId: string,
    reportType: ReportType,
  ): Promise<{ readonly isEmpty: boolean; readonly reportKey: string }> {
    const { reportKey } = await this.describe(realm, taskId);
    const first = await listReportEntries(this.#domain.store, realmKey(realm), { taskId, reportType }, 0, 1);
    return { isEmpty: first.length === 0, reportKey };
  }

  /** A report's lines, to whoever has its key; undefined to anyone else. */
  async openReport(
    realm: Realm,
    { taskId, reportType, key }: { readonly taskId: string; readonly reportType: ReportType; readonly key: string },
  ): Promise<AsyncGenerator<string> | undefined> {
    const progress = await readTask(this.#domain.store, realmKey(realm), taskId);
    const known = Buffer.from(progress?.task.reportKey ?? '');
    const given = Buffer.from(key);
    if (known.length === 0 || known.length !== given.length || !timingSafeEqual(known, given)) return undefined;
    return this.#reportLines(realm, taskId, reportType);
  }

  async *#reportLines(realm: Realm, taskId: string, reportType: ReportType): AsyncGenerator<string> {
    const { store } = this.#domain;
    for (let last = 0; ; ) {
      const entries = await listReportEntries(store, realmKey(realm), { taskId, reportType }, last, linesAtOnce);
      for (const { entry } of entries) yield `${entry}\n`;
      if (entries.length < linesAtOnce) return;
      last = entries.at(-1)!.lineNumber;
    }
  }

  async #anyRunning(realm: Realm): Promise<boolean> {
    const { store } = this.#domain;
    const running = (['InProgress', 'Cancelling'] as const).map(status =>
      listTasks(store, realmKey(realm), { status }, undefined, 1),
    );
    return (await Promise.all(running)).some(tasks => tasks.length > 0);
  }

  async #require(realm: Realm, taskId: string): Promise<TaskProgress> {
    const progress = await readTask(this.#domain.store, realmKey(realm), taskId);
    if (!progress) throw new ServiceError('ResourceNotFoundException', `task \`${taskId}\` not found`);
    return progress;
  }
}
