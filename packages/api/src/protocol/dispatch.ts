/**
 * Which service a request is for, when all share one port. Two pairs of operations have the same method and path in two
 * services, so the path alone cannot tell.
 */
import { iotModel } from '../generated/iot.model.ts';
import { jobsdataModel } from '../generated/iot-jobs-data.model.ts';
import { iotdataModel } from '../generated/iotdata.model.ts';
import type { ServiceModel, ServiceName } from './model.ts';
import { type Route, Router } from './router.ts';

export const services: Readonly<Record<ServiceName, ServiceModel>> = {
  iot: iotModel,
  iotdata: iotdataModel,
  jobsdata: jobsdataModel,
};

const routers: Readonly<Record<ServiceName, Router>> = {
  iot: new Router(iotModel),
  iotdata: new Router(iotdataModel),
  jobsdata: new Router(jobsdataModel),
};

/** Services by the name in a SigV4 scope; the data endpoint is also called by its gateway's name. */
const bySigningName: ReadonlyMap<string, ServiceName> = new Map([
  ['iot', 'iot'],
  ['iotdata', 'iotdata'],
  ['iotdevicegateway', 'iotdata'],
  ['iot-jobs-data', 'jobsdata'],
]);

const namesOf = (service: ServiceName): readonly string[] =>
  [...bySigningName].filter(([, name]) => name === service).map(([signingName]) => signingName);

/** Names a scope may carry to reach a service, for messages and for verification. */
export const signingNames: Readonly<Record<ServiceName, readonly string[]>> = {
  iot: namesOf('iot'),
  iotdata: namesOf('iotdata'),
  jobsdata: namesOf('jobsdata'),
};

export interface Hints {
  readonly method: string;
  readonly path: string;
  /** The service of the credential scope, when the request is signed. */
  readonly signingName?: string | undefined;
  readonly host?: string | undefined;
  /** A client certificate or custom authorizer's token came in place of a signature. */
  readonly isDevice?: boolean;
}

export interface Dispatched {
  readonly service: ServiceName;
  /** Absent when the service has no such operation. */
  readonly route?: Route;
  /** Two services had this path and nothing told them apart. */
  readonly ambiguous?: true;
}

/**
 * Scope first, then host, then the planes open to devices, then whichever service knows the path; where two do, the control
 * plane.
 */
export function dispatch(hints: Hints): Dispatched {
  const named = serviceOfScope(hints.signingName) ?? serviceOfHost(hints.host);
  if (named) return dispatchTo(named, hints);
  const order: readonly ServiceName[] = hints.isDevice ? ['iotdata', 'jobsdata'] : ['iot', 'iotdata', 'jobsdata'];
  const known = order.filter(service => routers[service].match(hints.method, hints.path));
  const service = known[0];
  if (!service) return { service: order[0]! };
  return known.length > 1 ? { ...dispatchTo(service, hints), ambiguous: true } : dispatchTo(service, hints);
}

function dispatchTo(service: ServiceName, { method, path }: Hints): Dispatched {
  const route = routers[service].match(method, path);
  return route ? { service, route } : { service };
}

const serviceOfScope = (signingName: string | undefined): ServiceName | undefined =>
  signingName === undefined ? undefined : bySigningName.get(signingName);

/**
 * AWS's own host names, pointed here: `iot.<region>.…`, `data.jobs.iot.<region>.…`, `data-ats.iot.<region>.…` or
 * `<id>[-ats].iot.<region>.…`. The region tells them from an installation that is simply called `iot.example.com`.
 */
const awsHost = /^(?:([^.]+(\.jobs)?)\.)?iot\.[a-z]{2}(?:-[a-z]+)+-\d+\./;

function serviceOfHost(host: string | undefined): ServiceName | undefined {
  const match = awsHost.exec(host?.toLowerCase() ?? '');
  if (!match) return undefined;
  if (match[1] === undefined) return 'iot';
  return match[2] === undefined ? 'iotdata' : 'jobsdata';
}
