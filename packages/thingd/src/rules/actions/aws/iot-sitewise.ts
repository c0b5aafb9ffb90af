/** The `iotSiteWise` action: values of asset properties (AWS: "IoT SiteWise"). */
import { randomUUID } from 'node:crypto';
import type { AssetPropertyValue, PutAssetPropertyValueEntry, Quality, Variant } from '@aws-sdk/client-iotsitewise';
import type { ActionRunner } from '@thingd/core';
import { callAws, unfit } from './aws-call.ts';
import type { AwsClients, ClientSettings } from './aws-clients.ts';
import { invalid, numberOf } from './parameter.ts';
import { putAll } from './put-all.ts';

/** Every member is text, and may be a template. */
interface EntryParameters {
  readonly entryId?: string;
  readonly assetId?: string;
  readonly propertyId?: string;
  readonly propertyAlias?: string;
  readonly propertyValues: readonly {
    readonly value: Readonly<Partial<Record<ValueKind, string>>>;
    readonly timestamp: { readonly timeInSeconds: string; readonly offsetInNanos?: string };
    readonly quality?: string;
  }[];
}

type ValueKind = 'stringValue' | 'integerValue' | 'doubleValue' | 'booleanValue';

const service = {
  name: 'IOTSITEWISE',
  async open(settings: ClientSettings) {
    const { IoTSiteWise } = await import('@aws-sdk/client-iotsitewise');
    return new IoTSiteWise({ ...settings, disableHostPrefix: settings.endpoint !== undefined });
  },
};

export function iotSiteWise(clients: AwsClients): ActionRunner {
  const read = (parameters: object) =>
    (parameters as { readonly putAssetPropertyValueEntries: readonly EntryParameters[] }).putAssetPropertyValueEntries;
  return {
    failedAction: 'IotSiteWiseAction',
    check(parameters) {
      for (const { assetId, propertyId, propertyAlias, propertyValues } of read(parameters)) {
        const isById = assetId !== undefined && propertyId !== undefined;
        if (isById === (propertyAlias !== undefined)) {
          throw invalid('a property is named by `propertyAlias`, or by `assetId` and `propertyId`');
        }
        for (const { value } of propertyValues) kindOf(value, invalid);
      }
    },
    resourceOf: parameters => read(parameters).map(nameOf).join(', '),
    async run(request) {
      const parameters = read(request.parameters);
      const what = `BatchPutAssetPropertyValue ${parameters.map(nameOf).join(', ')}`;
      const entries = parameters.map(entry => entryOf(entry, message => unfit(what, message)));
      return callAws(clients, request, {
        service,
        request: what,
        send: (client, options) =>
          putAll(entries, what, async some => {
            const answer = await client.batchPutAssetPropertyValue({ entries: [...some] }, options);
            const refused = (answer.errorEntries ?? []).map(({ entryId, errors = [] }) => ({
              entry: some.find(entry => entry.entryId === entryId) ?? some[0]!,
              code: errors[0]?.errorCode ?? 'an error without a code',
              message: errors[0]?.errorMessage,
            }));
            return { answer, refused };
          }),
      });
    },
  };
}

const nameOf = ({ propertyAlias, assetId, propertyId }: EntryParameters): string =>
  propertyAlias ?? `${assetId}/${propertyId}`;

type Refusal = (message: string) => Error;

function entryOf(parameters: EntryParameters, refusal: Refusal): PutAssetPropertyValueEntry {
  const { entryId = randomUUID(), assetId, propertyId, propertyAlias, propertyValues } = parameters;
  const values = propertyValues.map(({ value, timestamp, quality }): AssetPropertyValue => {
    const offset = timestamp.offsetInNanos;
    return {
      value: variantOf(value, refusal),
      timestamp: {
        timeInSeconds: integerOf('timeInSeconds', timestamp.timeInSeconds, refusal),
        ...(offset !== undefined && { offsetInNanos: integerOf('offsetInNanos', offset, refusal) }),
      },
      // The service has the list of them, and refuses others.
      ...(quality !== undefined && { quality: quality as Quality }),
    };
  });
  return { entryId, assetId, propertyId, propertyAlias, propertyValues: values };
}

function kindOf(value: EntryParameters['propertyValues'][number]['value'], refusal: Refusal): [ValueKind, string] {
  const [given, ...others] = Object.entries(value).filter(([, text]) => text !== undefined);
  if (given === undefined || others.length > 0) throw refusal('a value has exactly one kind');
  return given as [ValueKind, string];
}

function variantOf(value: EntryParameters['propertyValues'][number]['value'], refusal: Refusal): Variant {
  const [kind, text] = kindOf(value, refusal);
  switch (kind) {
    case 'stringValue':
      return { stringValue: text };
    case 'integerValue':
      return { integerValue: integerOf(kind, text, refusal) };
    case 'doubleValue': {
      const doubleValue = numberOf(text);
      if (doubleValue === undefined) throw refusal(`\`doubleValue\` expects a number, not \`${text}\``);
      return { doubleValue };
    }
    case 'booleanValue':
      if (!/^(true|false)$/i.test(text)) throw refusal(`\`booleanValue\` expects true or false, not \`${text}\``);
      return { booleanValue: text.toLowerCase() === 'true' };
    default:
      throw refusal(`\`${kind satisfies never}\` is no kind of value`);
  }
}

function integerOf(name: string, text: string, refusal: Refusal): number {
  const number = numberOf(text);
  if (number !== undefined && Number.isSafeInteger(number)) return number;
  throw refusal(`\`${name}\` expects an integer, not \`${text}\``);
}
