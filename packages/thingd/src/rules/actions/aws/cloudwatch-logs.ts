/** The `cloudwatchLogs` action: what SELECT made, as one event of a log or one for each element (AWS: "CloudWatch Logs"). */
import type { CloudWatchLogs } from '@aws-sdk/client-cloudwatch-logs';
import type { ActionRequest, ActionRunner, Clock } from '@thingd/core';
import { type Answer, type CallOptions, callAws, unfit } from './aws-call.ts';
import type { AwsClients, ClientSettings } from './aws-clients.ts';

interface LogsParameters {
  readonly logGroupName: string;
  readonly batchMode?: boolean;
}

interface LogEvent {
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly message: string;
}

const service = {
  name: 'CLOUDWATCH_LOGS',
  async open(settings: ClientSettings) {
    const { CloudWatchLogs } = await import('@aws-sdk/client-cloudwatch-logs');
    return new CloudWatchLogs(settings);
  },
};

export function cloudwatchLogs(clients: AwsClients, clock: Clock): ActionRunner {
  const read = (parameters: object): LogsParameters => parameters as LogsParameters;
  return {
    failedAction: 'CloudwatchLogsAction',
    literals: ['batchMode'],
    check() {},
    resourceOf: parameters => read(parameters).logGroupName,
    async run(request) {
      const { logGroupName, batchMode = false } = read(request.parameters);
      // AWS does not say how it calls the stream (unverified): one for each rule keeps them apart.
      const logStreamName = request.ruleName;
      const what = `PutLogEvents ${logGroupName} ${logStreamName}`;
      const logEvents = batchMode ? batchOf(request, what) : [eventOf(request, clock.now())];
      if (logEvents.length === 0) return { request: what, response: 'nothing to send' };
      return callAws(clients, request, {
        service,
        request: what,
        async send(client, options) {
          const answer = await put(client, { logGroupName, logStreamName, logEvents }, options);
          if (answer.rejectedLogEventsInfo === undefined) return answer;
          // AWS: PutLogEvents takes what is at most 14 days old, at most 2 hours ahead, and younger than the group keeps it.
          throw unfit(what, `events were rejected for their time: ${JSON.stringify(answer.rejectedLogEventsInfo)}`);
        },
      });
    },
  };
}

interface PutInput {
  readonly logGroupName: string;
  readonly logStreamName: string;
  readonly logEvents: LogEvent[];
}

/** The stream is made when it turns out to be missing; a group that is missing stays the caller's failure. */
async function put(client: CloudWatchLogs, input: PutInput, options: CallOptions) {
  try {
    return await client.putLogEvents(input, options);
  } catch (error) {
    if ((error as Error).name !== 'ResourceNotFoundException') throw error;
    await createStream(client, input, options);
    return client.putLogEvents(input, options);
  }
}

async function createStream(
  client: CloudWatchLogs,
  { logGroupName, logStreamName }: PutInput,
  options: CallOptions,
): Promise<Answer | undefined> {
  try {
    return await client.createLogStream({ logGroupName, logStreamName }, options);
  } catch (error) {
    // Another message of the rule was quicker.
    if ((error as Error).name !== 'ResourceAlreadyExistsException') throw error;
    return undefined;
  }
}

const eventOf = ({ payload }: ActionRequest, timestamp: number): LogEvent => ({
  timestamp,
  message: payload.toString('utf8'),
});

/** PutLogEvents wants them in the order of their time. */
function batchOf({ payload, isJson }: ActionRequest, request: string): LogEvent[] {
  const events: unknown = isJson ? JSON.parse(payload.toString('utf8')) : undefined;
  if (Array.isArray(events) && events.every(isLogEvent)) return events.sort((a, b) => a.timestamp - b.timestamp);
  throw unfit(request, 'with `batchMode` the payload is a list of `{"timestamp": <ms>, "message": "…"}`');
}

function isLogEvent(value: unknown): value is LogEvent {
  const { timestamp, message } = (value ?? {}) as Partial<LogEvent>;
  return Number.isSafeInteger(timestamp) && typeof message === 'string';
}
