/** Devices registered by a template: one by a call, or many by a file. */
import { parseTemplate, type Realm, type Registration, type RegistrationTasks, type ReportType } from '@thingd/core';
import type { IotHandlers } from './operation.ts';

/** What the program knows of where it can be reached. */
export interface ReportLinks {
  /** A URL that opens the report to whoever has it. */
  link(realm: Realm, report: { taskId: string; reportType: ReportType; key: string }): string;
}

export interface RegistrationServices {
  readonly registration: Registration;
  readonly registrationTasks: RegistrationTasks;
  readonly reportLinks: ReportLinks;
}

export const registrationOperations = (services: RegistrationServices): IotHandlers => {
  const { registration, registrationTasks, reportLinks } = services;
  return {
    async RegisterThing({ templateBody, parameters }, { realm }) {
      return registration.register(realm, parseTemplate(templateBody), parameters);
    },

    async StartThingRegistrationTask(input, { realm }) {
      return { taskId: await registrationTasks.start(realm, input) };
    },

    async StopThingRegistrationTask({ taskId }, { realm }) {
      await registrationTasks.stop(realm, taskId);
    },

    async DescribeThingRegistrationTask({ taskId }, { realm }) {
      const { createdAt, modifiedAt, reportKey: _, ...task } = await registrationTasks.describe(realm, taskId);
      return { ...task, creationDate: new Date(createdAt), lastModifiedDate: new Date(modifiedAt) };
    },

    async ListThingRegistrationTasks(input, { realm }) {
      const { items, nextToken } = await registrationTasks.list(realm, input);
      return { taskIds: items.map(task => task.taskId), nextToken };
    },

    /** One link at most, so that there are no pages. */
    async ListThingRegistrationTaskReports({ taskId, reportType }, { realm }) {
      const { isEmpty, reportKey } = await registrationTasks.report(realm, taskId, reportType);
      const resourceLinks = isEmpty ? [] : [reportLinks.link(realm, { taskId, reportType, key: reportKey })];
      return { resourceLinks, reportType };
    },
  };
};
