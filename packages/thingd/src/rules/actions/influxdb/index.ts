/** The `influxDB` action: each object of what SELECT made, as a point of a table (AWS: "InfluxDB"). */
import {
  ActionFailure,
  type ActionReport,
  type ActionRequest,
  type ActionRunner,
  type BatchLimits,
  type Clock,
  type Destinations,
  ServiceError,
} from '@thingd/core';
import { parseExactly } from '../aws/exact-json.ts';
import { elementTemplateFault } from './element-template.ts';
import { InfluxClient } from './influx-client.ts';
import { lineOf, UnfitPoint } from './line-protocol.ts';

export { InfluxClient };

interface InfluxParameters {
  readonly destinationArn: string;
  readonly roleArn: string;
  readonly databaseName: string;
  readonly tableName: string;
  readonly organization?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly timestampUnit?: TimestampUnit;
  readonly batchConfig?: {
    readonly maxBatchSize?: number;
    readonly maxBatchOpenMs?: number;
    readonly maxBatchSizeBytes?: number;
    readonly batchAcrossTopics?: boolean;
  };
  /** Fields that `${…}` refers to in the table's name or a tag: they are no fields of the point. */
  readonly usedFields?: readonly string[];
}

type TimestampUnit = 's' | 'ms' | 'us' | 'ns';

export interface InfluxDbOptions {
  readonly destinations: Destinations;
  readonly client: InfluxClient;
  readonly clock: Clock;
}

export function influxDb(options: InfluxDbOptions): ActionRunner {
  const read = (parameters: object): InfluxParameters => parameters as InfluxParameters;
  const textsOf = ({ tableName, tags }: InfluxParameters): string[] => [tableName, ...Object.values(tags ?? {})];
  return {
    failedAction: 'InfluxDBAction',
    literals: ['destinationArn', 'databaseName', 'organization', 'timestampUnit', 'batchConfig', 'usedFields'],
    batching: {
      limits: parameters => limitsOf(read(parameters)),
      place(request) {
        const { destinationArn, databaseName, organization, timestampUnit } = read(request.parameters);
        const lines = linesOf(request, options.clock);
        return {
          key: JSON.stringify([destinationArn, databaseName, organization, timestampUnit]),
          count: lines.length,
          bytes: lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0),
        };
      },
      run: requests => write(requests, options),
    },
    check(parameters, isErrorAction) {
      const { batchConfig } = read(parameters);
      if (isErrorAction && batchConfig !== undefined)
        throw invalid('an error action cannot batch: it has no `batchConfig`');
      for (const text of textsOf(read(parameters))) {
        if (isErrorAction && text.includes('@{')) throw invalid(`an error action has no \`@{…}\`: \`${text}\``);
        const fault = elementTemplateFault(text);
        if (fault !== undefined) throw invalid(fault);
      }
    },
    derive: parameters => ({
      usedFields: textsOf(read(parameters)).flatMap(text =>
        [...text.matchAll(/\$\{\s*([A-Za-z_]\w*)\s*\}/g)].map(([, name]) => name!),
      ),
    }),
    resourceOf: parameters => read(parameters).destinationArn,
    run: request => write([request], options),
  };
}

/** AWS names no defaults: a bound that is not given is the highest that may be. */
function limitsOf({ batchConfig }: InfluxParameters): BatchLimits | undefined {
  if (batchConfig === undefined) return undefined;
  return {
    openMs: batchConfig.maxBatchOpenMs ?? 1000,
    count: batchConfig.maxBatchSize ?? 500,
    bytes: batchConfig.maxBatchSizeBytes ?? 131_072,
    acrossTopics: batchConfig.batchAcrossTopics ?? false,
  };
}

async function write(requests: readonly ActionRequest[], options: InfluxDbOptions): Promise<ActionReport> {
  const { destinations, client, clock } = options;
  const { realm, parameters, signal } = requests[0]!;
  const {
    destinationArn,
    roleArn,
    databaseName,
    organization,
    timestampUnit = 'ms',
  } = parameters as unknown as InfluxParameters;
  const report = { request: `write ${databaseName}` };
  const failure = (message: string, isTransient: boolean, cause?: unknown) =>
    new ActionFailure(message, { isTransient, report, cause });
  let lines: readonly string[];
  try {
    lines = requests.flatMap(request => linesOf(request, clock));
  } catch (error) {
    if (error instanceof UnfitPoint) throw failure(error.message, false, error);
    throw error;
  }
  if (lines.length === 0) return { ...report, response: 'nothing to write' };
  const destination = await destinations.get(realm, destinationArn).catch(error => {
    throw error instanceof ServiceError ? failure(error.message, false, error) : error;
  });
  const { target, status, statusReason = '' } = destination;
  if (target.kind !== 'influxdb') throw failure(`the destination is of the kind \`${target.kind}\``, false);
  // Whoever owns the endpoint may still mend it.
  if (status !== 'ENABLED') throw failure(`the destination is ${status}: ${statusReason}`, true);
  if (target.influxDBVersion === 'V2' && organization === undefined) {
    throw failure('a destination of version V2 wants an `organization`', false);
  }
  const org = target.influxDBVersion === 'V2' ? organization : undefined;
  const where = { bucket: databaseName, org, precision: timestampUnit };
  return client.write(destination, target, { realm, roleArn, signal }, where, lines);
}

/** A line for each object. Throws `UnfitPoint`. */
function linesOf({ parameters, payload, isJson, isErrorAction }: ActionRequest, clock: Clock): string[] {
  const { tableName, tags = {}, usedFields = [], timestampUnit = 'ms' } = parameters as unknown as InfluxParameters;
  if (!isJson || payload.length === 0) throw new UnfitPoint('the payload is not JSON');
  const value = parseExactly(payload.toString('utf8'));
  // An error document has no time of its own (AWS: "Using InfluxDB as an error action").
  const timestamp = isErrorAction ? timeIn(timestampUnit, clock.now()) : undefined;
  const template = { tableName, tags, usedFields: isErrorAction ? [] : usedFields, timestamp };
  return (Array.isArray(value) ? value : [value]).map(element => lineOf(element, template));
}

const timeIn = (unit: TimestampUnit, milliseconds: number): string => {
  if (unit === 's') return String(Math.floor(milliseconds / 1000));
  return `${milliseconds}${{ ms: '', us: '000', ns: '000000' }[unit]}`;
};

const invalid = (message: string): ServiceError => new ServiceError('InvalidRequestException', message);
