/** The `location` action: where a device is, for a tracker of Amazon Location (AWS: "Location"). */
import type { ActionRunner, Clock } from '@thingd/core';
import { callAws, unfit } from './aws-call.ts';
import type { AwsClients, ClientSettings } from './aws-clients.ts';
import { invalid, isTemplate, numberOf } from './parameter.ts';
import { putAll } from './put-all.ts';

interface LocationParameters {
  readonly trackerName: string;
  readonly deviceId: string;
  /** Degrees, as text. */
  readonly latitude: string;
  readonly longitude: string;
  readonly timestamp?: { readonly value: string; readonly unit?: string };
}

const service = {
  name: 'LOCATION',
  async open(settings: ClientSettings) {
    const { Location } = await import('@aws-sdk/client-location');
    return new Location({ ...settings, disableHostPrefix: settings.endpoint !== undefined });
  },
};

/** How many of each are a millisecond. */
const units: Readonly<Record<string, number>> = {
  SECONDS: 1e-3,
  MILLISECONDS: 1,
  MICROSECONDS: 1e3,
  NANOSECONDS: 1e6,
};

export function location(clients: AwsClients, clock: Clock): ActionRunner {
  const read = (parameters: object): LocationParameters => parameters as LocationParameters;
  return {
    failedAction: 'LocationAction',
    literals: ['timestamp.unit'],
    check(parameters) {
      const { latitude, longitude, timestamp } = read(parameters);
      for (const [name, text] of Object.entries({ latitude, longitude, 'timestamp.value': timestamp?.value })) {
        if (text === undefined || isTemplate(text) || numberOf(text) !== undefined) continue;
        throw invalid(`\`${name}\` expects a number, not \`${text}\``);
      }
      if (timestamp?.unit === undefined || Object.hasOwn(units, timestamp.unit)) return;
      throw invalid(`\`timestamp.unit\` expects ${Object.keys(units).join(', ')}, not \`${timestamp.unit}\``);
    },
    resourceOf: parameters => read(parameters).trackerName,
    async run(request) {
      const { trackerName, deviceId, latitude, longitude, timestamp } = read(request.parameters);
      const what = `BatchUpdateDevicePosition ${trackerName} ${deviceId}`;
      const number = (name: string, text: string): number => {
        const value = numberOf(text);
        if (value === undefined) throw unfit(what, `\`${name}\` expects a number, not \`${text}\``);
        return value;
      };
      const perMillisecond = units[timestamp?.unit ?? 'MILLISECONDS']!;
      const at = timestamp ? number('timestamp.value', timestamp.value) / perMillisecond : clock.now();
      const SampleTime = new Date(at);
      if (Number.isNaN(SampleTime.getTime())) throw unfit(what, `\`timestamp\` is no time: ${timestamp?.value}`);
      const Position = [number('longitude', longitude), number('latitude', latitude)];
      const update = { DeviceId: deviceId, SampleTime, Position };
      return callAws(clients, request, {
        service,
        request: what,
        send: (client, options) =>
          putAll([update], what, async Updates => {
            const input = { TrackerName: trackerName, Updates: [...Updates] };
            const answer = await client.batchUpdateDevicePosition(input, options);
            const refused = (answer.Errors ?? []).map(({ Error: error }) => ({
              entry: update,
              code: error?.Code ?? 'an error without a code',
              message: error?.Message,
            }));
            return { answer, refused };
          }),
      });
    },
  };
}
