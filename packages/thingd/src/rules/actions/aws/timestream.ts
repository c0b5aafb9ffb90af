/** The `timestream` action: each attribute of what SELECT made, as a record of its time (AWS: "Timestream"). */
import type { MeasureValueType, _Record as TimestreamRecord, TimeUnit } from '@aws-sdk/client-timestream-write';
import { type ActionRunner, type Clock, ServiceError } from '@thingd/core';
import { callAws, unfit } from './aws-call.ts';
import type { AwsClients, ClientSettings } from './aws-clients.ts';
import { type ExactJson, isNumberText, isObject, parseExactly } from './exact-json.ts';

interface TimestreamParameters {
  readonly databaseName: string;
  readonly tableName: string;
  readonly dimensions: readonly { readonly name: string; readonly value: string }[];
  readonly timestamp?: { readonly value: string; readonly unit: string };
}

/** Measures of one message (AWS: "Timestream"; WriteRecords takes as many). */
const mostMeasures = 100;

const service = {
  name: 'TIMESTREAM_WRITE',
  async open(settings: ClientSettings) {
    const { TimestreamWrite } = await import('@aws-sdk/client-timestream-write');
    return new TimestreamWrite(settings);
  },
};

export function timestream(clients: AwsClients, clock: Clock): ActionRunner {
  const read = (parameters: object): TimestreamParameters => parameters as TimestreamParameters;
  return {
    failedAction: 'TimestreamAction',
    literals: ['dimensions.name'],
    check(parameters) {
      for (const { name } of read(parameters).dimensions) {
        if (!/^(measure_name|time)$|^(measure_value|ts_)|:/.test(name)) continue;
        throw new ServiceError('InvalidRequestException', `a dimension may not be called \`${name}\``);
      }
    },
    resourceOf: parameters => read(parameters).tableName,
    async run(request) {
      const { databaseName, tableName, dimensions, timestamp } = read(request.parameters);
      const what = `WriteRecords ${databaseName}.${tableName}`;
      const measures = request.isJson ? parseExactly(request.payload.toString('utf8')) : null;
      if (!isObject(measures)) throw unfit(what, 'the payload is no JSON object, so it has no attributes to record');
      const Records = Object.entries(measures).flatMap(([name, value]) => recordOf(name, value));
      if (Records.length === 0) throw unfit(what, 'the payload has no attributes to record');
      if (Records.length > mostMeasures) {
        throw unfit(what, `the payload has ${Records.length} attributes; ${mostMeasures} can be recorded`);
      }
      const input = {
        DatabaseName: databaseName,
        TableName: tableName,
        CommonAttributes: {
          Dimensions: dimensions.map(({ name, value }) => ({ Name: name, Value: value })),
          Time: timestamp?.value ?? String(clock.now()),
          TimeUnit: (timestamp?.unit ?? 'MILLISECONDS') as TimeUnit,
        },
        Records,
      };
      return callAws(clients, request, {
        service,
        request: what,
        send: (client, options) => client.writeRecords(input, options),
      });
    },
  };
}

/** The column goes by the kind of JSON: an integer is a bigint, a number with a point a double. Null is nothing to record. */
function recordOf(name: string, value: ExactJson): TimestreamRecord[] {
  if (value === null) return [];
  const record = (type: MeasureValueType, text: string): TimestreamRecord[] => [
    { MeasureName: name, MeasureValueType: type, MeasureValue: text },
  ];
  if (typeof value === 'string') return record('VARCHAR', value);
  if (typeof value === 'boolean') return record('BOOLEAN', String(value));
  if (!isNumberText(value)) return record('VARCHAR', JSON.stringify(value));
  return record(/^-?\d+$/.test(value.rawJSON) ? 'BIGINT' : 'DOUBLE', value.rawJSON);
}
