/** Reports of bulk registrations, at links that open them without a signature to whoever was given one, as AWS's links to S3 do. */
import { Readable } from 'node:stream';
import type { ReportLinks } from '@thingd/api';
import type { RegistrationTasks, ReportType } from '@thingd/core';
import type { FastifyPluginCallback } from 'fastify';

const path = '/thingd/v1/registration-reports';
const reportTypes: readonly ReportType[] = ['RESULTS', 'ERRORS'];

/** `address` is the base of the program's own HTTP, such as `http://127.0.0.1:4566`. */
export const reportLinks = (address: () => string): ReportLinks => ({
  link: ({ accountId, region }, { taskId, reportType, key }) =>
    `${address()}${path}/${accountId}/${region}/${taskId}/${reportType}?key=${key}`,
});

export interface ReportsOptions {
  readonly registrationTasks: RegistrationTasks;
}

interface ReportRoute {
  Params: { readonly accountId: string; readonly region: string; readonly taskId: string; readonly reportType: string };
  Querystring: { readonly key?: string };
}

export const reports: FastifyPluginCallback<ReportsOptions> = (fastify, { registrationTasks }, done) => {
  fastify.get<ReportRoute>(`${path}/:accountId/:region/:taskId/:reportType`, async (request, reply) => {
    const { accountId, region, taskId, reportType: asked } = request.params;
    const { key } = request.query;
    const reportType = reportTypes.find(type => type === asked);
    const report =
      typeof key === 'string' && reportType !== undefined
        ? await registrationTasks.openReport({ accountId, region }, { taskId, reportType, key })
        : undefined;
    // Whether there is such a task is not for those without its key.
    if (!report) return reply.code(404).send({ message: 'there is no such report' });
    return reply.type('application/x-ndjson').send(Readable.from(report));
  });
  done();
};
