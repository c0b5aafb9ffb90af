/** The `iotEvents` and `iotAnalytics` actions: what SELECT made, or each element of it, as a message of an input or a channel. */
import { type ActionRequest, type ActionRunner, realmKey } from '@thingd/core';
import { callAws, unfit } from './aws-call.ts';
import type { AwsClients, ClientSettings } from './aws-clients.ts';
import { elementsOf } from './exact-json.ts';
import { invalid } from './parameter.ts';
import { putAll } from './put-all.ts';
import { uuidOf } from './uuid.ts';

interface EventsParameters {
  readonly inputName: string;
  readonly messageId?: string;
  readonly batchMode?: boolean;
}

interface AnalyticsParameters {
  readonly channelName?: string;
  /** Deprecated in favour of the name. */
  readonly channelArn?: string;
  readonly batchMode?: boolean;
}

interface Message {
  readonly messageId: string;
  readonly payload: Buffer;
}

/** Messages of one call (AWS: BatchPutMessage of each). */
const largestBatch = { events: 10, analytics: 100 };

const events = {
  name: 'IOT_EVENTS_DATA',
  async open(settings: ClientSettings) {
    const { IoTEventsData } = await import('@aws-sdk/client-iot-events-data');
    return new IoTEventsData(settings);
  },
};

const analytics = {
  name: 'IOTANALYTICS',
  async open(settings: ClientSettings) {
    const { IoTAnalytics } = await import('@aws-sdk/client-iotanalytics');
    return new IoTAnalytics(settings);
  },
};

export function iotEvents(clients: AwsClients): ActionRunner {
  const read = (parameters: object): EventsParameters => parameters as EventsParameters;
  return {
    failedAction: 'IotEventsAction',
    literals: ['batchMode'],
    check(parameters) {
      const { messageId, batchMode } = read(parameters);
      if (batchMode && messageId !== undefined) throw invalid('with `batchMode` there can be no `messageId`');
    },
    resourceOf: parameters => read(parameters).inputName,
    async run(request) {
      const { inputName, messageId, batchMode = false } = read(request.parameters);
      const what = `BatchPutMessage ${inputName}`;
      const messages = messagesOf(request, batchMode, largestBatch.events, what, messageId);
      if (messages.length === 0) return { request: what, response: 'nothing to send' };
      return callAws(clients, request, {
        service: events,
        request: what,
        send: (client, options) =>
          putAll(messages, what, async entries => {
            const input = { messages: entries.map(message => ({ inputName, ...message })) };
            const answer = await client.batchPutMessage(input, options);
            return { answer, refused: refusedOf(entries, answer.BatchPutMessageErrorEntries) };
          }),
      });
    },
  };
}

export function iotAnalytics(clients: AwsClients): ActionRunner {
  const read = (parameters: object): AnalyticsParameters => parameters as AnalyticsParameters;
  const channelOf = ({ channelName, channelArn }: AnalyticsParameters): string | undefined =>
    channelName ?? /:channel\/(.+)$/.exec(channelArn ?? '')?.[1];
  return {
    failedAction: 'IotAnalyticsAction',
    literals: ['batchMode'],
    check(parameters) {
      const { channelName, channelArn } = read(parameters);
      if (channelName === undefined && channelArn === undefined) throw invalid('there is no `channelName`');
    },
    resourceOf: parameters => channelOf(read(parameters)) ?? '',
    async run(request) {
      const { batchMode = false, channelArn } = read(request.parameters);
      const channelName = channelOf(read(request.parameters));
      const what = `BatchPutMessage ${channelName}`;
      if (channelName === undefined) throw unfit(what, `\`${channelArn}\` is no ARN of a channel`);
      const messages = messagesOf(request, batchMode, largestBatch.analytics, what);
      if (messages.length === 0) return { request: what, response: 'nothing to send' };
      return callAws(clients, request, {
        service: analytics,
        request: what,
        send: (client, options) =>
          putAll(messages, what, async entries => {
            const answer = await client.batchPutMessage({ channelName, messages: [...entries] }, options);
            return { answer, refused: refusedOf(entries, answer.batchPutMessageErrorEntries) };
          }),
      });
    },
  };
}

/** An array that is no batch is one message, and so is anything else with `batchMode`. Throws `ActionFailure`. */
function messagesOf(
  request: ActionRequest,
  batchMode: boolean,
  largest: number,
  what: string,
  messageId?: string,
): Message[] {
  const { realm, ruleName, invocationId, payload, isJson } = request;
  const elements = batchMode && isJson ? elementsOf(payload) : undefined;
  if (elements !== undefined && elements.length > largest) {
    throw unfit(what, `the array has ${elements.length} elements; a batch takes ${largest}`);
  }
  // The same at each attempt: AWS IoT Events takes a message with an id that it has seen for the same.
  const idOf = (index: number): string => uuidOf(`${realmKey(realm)} ${ruleName} ${invocationId} ${index}`);
  if (elements === undefined) return [{ messageId: messageId ?? idOf(0), payload }];
  return elements.map((element, index) => ({ messageId: idOf(index), payload: Buffer.from(element) }));
}

interface ErrorEntry {
  readonly messageId?: string | undefined;
  readonly errorCode?: string | undefined;
  readonly errorMessage?: string | undefined;
}

const refusedOf = (entries: readonly Message[], errors: readonly ErrorEntry[] = []) =>
  errors.map(({ messageId, errorCode: code = 'an error without a code', errorMessage: message }) => ({
    entry: entries.find(entry => entry.messageId === messageId) ?? entries[0]!,
    code,
    message,
  }));
