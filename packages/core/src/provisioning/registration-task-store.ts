/** Where bulk registrations are kept, with what came of their lines. */
import type { Migration } from '../store/migrations.ts';
import type { Position } from '../store/pagination.ts';
import { queryBuilder, readAll, readFirst, write } from '../store/query.ts';
import type { Store, Write } from '../store/store.ts';
import type { RegistrationTask, RegistrationTaskStatus, ReportEntry, ReportType } from './registration-task.ts';

interface TaskRow {
  realm: string;
  task_id: string;
  template_body: string;
  input_file_bucket: string;
  input_file_key: string;
  role_arn: string;
  status: RegistrationTaskStatus;
  message: string | null;
  success_count: number;
  failure_count: number;
  percentage_progress: number;
  /** Lines done: where it goes on after a restart. */
  last_line: number;
  report_key: string;
  created_at: number;
  modified_at: number;
}

interface RegistrationTaskTables {
  registration_task: TaskRow;
  registration_report: {
    realm: string;
    task_id: string;
    report_type: ReportType;
    line_number: number;
    entry: string;
  };
}

export const registrationTaskMigration: Migration = {
  name: 'provisioning: bulk registrations',
  statements: schema => [
    schema
      .createTable('registration_task')
      .addColumn('realm', 'text', column => column.notNull())
      .addColumn('task_id', 'text', column => column.notNull())
      .addColumn('template_body', 'text', column => column.notNull())
      .addColumn('input_file_bucket', 'text', column => column.notNull())
      .addColumn('input_file_key', 'text', column => column.notNull())
      .addColumn('role_arn', 'text', column => column.notNull())
      .addColumn('status', 'text', column => column.notNull())
      .addColumn('message', 'text')
      .addColumn('success_count', 'bigint', column => column.notNull())
      .addColumn('failure_count', 'bigint', column => column.notNull())
      .addColumn('percentage_progress', 'bigint', column => column.notNull())
      .addColumn('last_line', 'bigint', column => column.notNull())
      .addColumn('report_key', 'text', column => column.notNull())
      .addColumn('created_at', 'bigint', column => column.notNull())
      .addColumn('modified_at', 'bigint', column => column.notNull())
      .addPrimaryKeyConstraint('registration_task_key', ['realm', 'task_id']),
    schema
      .createIndex('registration_task_by_creation')
      .on('registration_task')
      .columns(['realm', 'created_at', 'task_id']),
    schema
      .createTable('registration_report')
      .addColumn('realm', 'text', column => column.notNull())
      .addColumn('task_id', 'text', column => column.notNull())
      .addColumn('report_type', 'text', column => column.notNull())
      .addColumn('line_number', 'bigint', column => column.notNull())
      .addColumn('entry', 'text', column => column.notNull())
      .addPrimaryKeyConstraint('registration_report_key', ['realm', 'task_id', 'report_type', 'line_number'])
      .addForeignKeyConstraint(
        'registration_report_of_task',
        ['realm', 'task_id'],
        'registration_task',
        ['realm', 'task_id'],
        constraint => constraint.onDelete('cascade'),
      ),
  ],
};

const tables = (store: Store) => queryBuilder<RegistrationTaskTables>(store);

/** A task and the last of its lines that are done. */
export interface TaskProgress {
  readonly task: RegistrationTask;
  readonly lastLine: number;
}

export async function readTask(store: Store, realm: string, taskId: string): Promise<TaskProgress | undefined> {
  const query = tables(store)
    .selectFrom('registration_task')
    .selectAll()
    .where('realm', '=', realm)
    .where('task_id', '=', taskId);
  const row = await readFirst(store, query);
  return row && { task: toTask(row), lastLine: row.last_line };
}

/** The newest first. */
export async function listTasks(
  store: Store,
  realm: string,
  { status }: { readonly status?: RegistrationTaskStatus | undefined },
  after: Position | undefined,
  limit: number,
): Promise<RegistrationTask[]> {
  let query = tables(store).selectFrom('registration_task').selectAll().where('realm', '=', realm);
  if (status !== undefined) query = query.where('status', '=', status);
  if (after) {
    query = query.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('created_at', 'task_id'), '<', tuple(after[0] as number, after[1] as string)),
    );
  }
  const rows = await readAll(store, query.orderBy('created_at', 'desc').orderBy('task_id', 'desc').limit(limit));
  return rows.map(toTask);
}

/** The tasks of every realm that are under way. */
export async function readRunningTasks(store: Store): Promise<{ readonly realm: string; readonly taskId: string }[]> {
  const query = tables(store)
    .selectFrom('registration_task')
    .select(['realm', 'task_id'])
    .where('status', 'in', ['InProgress', 'Cancelling']);
  return (await readAll(store, query)).map(row => ({ realm: row.realm, taskId: row.task_id }));
}

/** Stale while another task of the realm is under way. */
export function insertTask(store: Store, realm: string, task: RegistrationTask): Write {
  const db = tables(store);
  const row: TaskRow = {
    realm,
    task_id: task.taskId,
    template_body: task.templateBody,
    input_file_bucket: task.inputFileBucket,
    input_file_key: task.inputFileKey,
    role_arn: task.roleArn,
    status: task.status,
    message: task.message ?? null,
    success_count: task.successCount,
    failure_count: task.failureCount,
    percentage_progress: task.percentageProgress,
    last_line: 0,
    report_key: task.reportKey,
    created_at: task.createdAt,
    modified_at: task.modifiedAt,
  };
  const columns = Object.keys(row) as (keyof TaskRow)[];
  const running = db
    .selectFrom('registration_task')
    .select('task_id')
    .where('realm', '=', realm)
    .where('status', 'in', ['InProgress', 'Cancelling']);
  const values = db
    .selectNoFrom(({ val }) => columns.map(column => val(row[column]).as(column)))
    .where(({ not, exists }) => not(exists(running)));
  return write(db.insertInto('registration_task').columns(columns).expression(values), 1);
}

/** Stale unless the task has the status and progress it was read with. */
export const replaceTask = (
  store: Store,
  realm: string,
  { task: present, lastLine }: TaskProgress,
  next: Partial<
    Pick<RegistrationTask, 'status' | 'message' | 'successCount' | 'failureCount' | 'percentageProgress'>
  > & {
    readonly lastLine?: number;
  },
  modifiedAt: number,
): Write =>
  write(
    tables(store)
      .updateTable('registration_task')
      .set({
        status: next.status ?? present.status,
        message: next.message ?? present.message ?? null,
        success_count: next.successCount ?? present.successCount,
        failure_count: next.failureCount ?? present.failureCount,
        percentage_progress: next.percentageProgress ?? present.percentageProgress,
        last_line: next.lastLine ?? lastLine,
        modified_at: modifiedAt,
      })
      .where('realm', '=', realm)
      .where('task_id', '=', present.taskId)
      .where('status', '=', present.status)
      .where('last_line', '=', lastLine),
    1,
  );

export const insertReportEntries = (
  store: Store,
  realm: string,
  taskId: string,
  entries: readonly ReportEntry[],
): Write[] =>
  entries.map(({ reportType, lineNumber, entry }) =>
    write(
      tables(store)
        .insertInto('registration_report')
        .values({ realm, task_id: taskId, report_type: reportType, line_number: lineNumber, entry }),
      1,
    ),
  );

/** In order of lines. */
export async function listReportEntries(
  store: Store,
  realm: string,
  { taskId, reportType }: { readonly taskId: string; readonly reportType: ReportType },
  afterLine: number,
  limit: number,
): Promise<ReportEntry[]> {
  const query = tables(store)
    .selectFrom('registration_report')
    .selectAll()
    .where('realm', '=', realm)
    .where('task_id', '=', taskId)
    .where('report_type', '=', reportType)
    .where('line_number', '>', afterLine)
    .orderBy('line_number')
    .limit(limit);
  return (await readAll(store, query)).map(row => ({
    reportType: row.report_type,
    lineNumber: row.line_number,
    entry: row.entry,
  }));
}

const toTask = (row: TaskRow): RegistrationTask => ({
  taskId: row.task_id,
  templateBody: row.template_body,
  inputFileBucket: row.input_file_bucket,
  inputFileKey: row.input_file_key,
  roleArn: row.role_arn,
  status: row.status,
  message: row.message ?? undefined,
  successCount: row.success_count,
  failureCount: row.failure_count,
  percentageProgress: row.percentage_progress,
  createdAt: row.created_at,
  modifiedAt: row.modified_at,
  reportKey: row.report_key,
});
