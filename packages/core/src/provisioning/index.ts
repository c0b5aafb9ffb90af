/** The door of the room. */
export * from './registration.ts';
export {
  type ObjectStorage,
  RegistrationRunner,
  type RegistrationRunnerOptions,
} from './registration-runner.ts';
export type {
  InputFile,
  RegistrationTask,
  RegistrationTaskStatus,
  ReportType,
} from './registration-task.ts';
export * from './registration-tasks.ts';
export { parseTemplate, type Template } from './template.ts';
