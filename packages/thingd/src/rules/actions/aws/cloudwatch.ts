/** The `cloudwatchMetric` and `cloudwatchAlarm` actions (AWS: "CloudWatch metrics", "CloudWatch alarms"). */
import type { StandardUnit, StateValue } from '@aws-sdk/client-cloudwatch';
import type { ActionRunner } from '@thingd/core';
import { callAws, unfit } from './aws-call.ts';
import type { AwsClients, ClientSettings } from './aws-clients.ts';
import { invalid, isTemplate, numberOf } from './parameter.ts';

interface MetricParameters {
  readonly metricNamespace: string;
  readonly metricName: string;
  /** A number as text. */
  readonly metricValue: string;
  readonly metricUnit: string;
  /** Seconds since the epoch, as text. */
  readonly metricTimestamp?: string;
}

interface AlarmParameters {
  readonly alarmName: string;
  readonly stateReason: string;
  readonly stateValue: string;
}

export const cloudwatch = {
  name: 'CLOUDWATCH',
  async open(settings: ClientSettings) {
    const { CloudWatch } = await import('@aws-sdk/client-cloudwatch');
    return new CloudWatch(settings);
  },
};

export function cloudwatchMetric(clients: AwsClients): ActionRunner {
  const read = (parameters: object): MetricParameters => parameters as MetricParameters;
  return {
    failedAction: 'CloudwatchMetricAction',
    check(parameters) {
      const { metricValue, metricTimestamp } = read(parameters);
      for (const [name, text] of Object.entries({ metricValue, metricTimestamp })) {
        if (text === undefined || isTemplate(text) || numberOf(text) !== undefined) continue;
        throw invalid(`\`${name}\` expects a number, not \`${text}\``);
      }
    },
    resourceOf: parameters => read(parameters).metricName,
    async run(request) {
      const { metricNamespace, metricName, metricValue, metricUnit, metricTimestamp } = read(request.parameters);
      const what = `PutMetricData ${metricNamespace}/${metricName}`;
      const value = numberOf(metricValue);
      if (value === undefined) throw unfit(what, `\`metricValue\` expects a number, not \`${metricValue}\``);
      const seconds = metricTimestamp === undefined ? undefined : numberOf(metricTimestamp);
      if (metricTimestamp !== undefined && seconds === undefined) {
        throw unfit(what, `\`metricTimestamp\` expects seconds since the epoch, not \`${metricTimestamp}\``);
      }
      // The model of the service has the units; it refuses others.
      const datum = { MetricName: metricName, Value: value, Unit: metricUnit as StandardUnit };
      const timed = seconds === undefined ? datum : { ...datum, Timestamp: new Date(seconds * 1000) };
      return callAws(clients, request, {
        service: cloudwatch,
        request: what,
        send: (client, options) => client.putMetricData({ Namespace: metricNamespace, MetricData: [timed] }, options),
      });
    },
  };
}

const states: ReadonlySet<string> = new Set<StateValue>(['OK', 'ALARM', 'INSUFFICIENT_DATA']);

export function cloudwatchAlarm(clients: AwsClients): ActionRunner {
  const read = (parameters: object): AlarmParameters => parameters as AlarmParameters;
  const refusal = (stateValue: string): string =>
    `\`stateValue\` expects OK, ALARM or INSUFFICIENT_DATA, not \`${stateValue}\``;
  return {
    failedAction: 'CloudwatchAlarmAction',
    check(parameters) {
      const { stateValue } = read(parameters);
      if (!isTemplate(stateValue) && !states.has(stateValue)) throw invalid(refusal(stateValue));
    },
    resourceOf: parameters => read(parameters).alarmName,
    async run(request) {
      const { alarmName, stateReason, stateValue } = read(request.parameters);
      const what = `SetAlarmState ${alarmName} ${stateValue}`;
      if (!states.has(stateValue)) throw unfit(what, refusal(stateValue));
      const input = { AlarmName: alarmName, StateReason: stateReason, StateValue: stateValue as StateValue };
      return callAws(clients, request, {
        service: cloudwatch,
        request: what,
        send: (client, options) => client.setAlarmState(input, options),
      });
    },
  };
}
