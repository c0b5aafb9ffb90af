/** Fleet indexing: switched on where it is not, and asked in its query language. */
import {
  GetIndexingConfigurationCommand,
  type IoTClient,
  SearchIndexCommand,
  type ThingDocument,
  UpdateIndexingConfigurationCommand,
} from '@aws-sdk/client-iot';
import type { FoundLight, Page } from '../lights/fleet.ts';
import { Problem } from '../lights/problem.ts';

/** Indexes the registry and connectivity; leaves whatever else is indexed as it is. */
export async function ensureIndexing(iot: IoTClient): Promise<void> {
  const { thingIndexingConfiguration: present } = await iot.send(new GetIndexingConfigurationCommand({}));
  const indexed = present?.thingIndexingMode !== undefined && present.thingIndexingMode !== 'OFF';
  if (indexed && present.thingConnectivityIndexingMode === 'STATUS') return;
  const { managedFields: _, ...kept } = present ?? {}; // AWS's own, not to be set
  await iot.send(
    new UpdateIndexingConfigurationCommand({
      thingIndexingConfiguration: {
        ...kept,
        thingIndexingMode: indexed ? present.thingIndexingMode : 'REGISTRY',
        thingConnectivityIndexingMode: 'STATUS',
      },
    }),
  );
}

const notDeleted = 'thingName:* AND -attributes.deleted:true';

export async function searchLights(iot: IoTClient, owner: string, { limit, nextToken }: Page) {
  const queryString = `${notDeleted} AND attributes.owner:${owner}`;
  const found = await iot.send(new SearchIndexCommand({ queryString, maxResults: limit, nextToken })).catch(error => {
    // The query is ours and sound, so what is wrong is the caller's token.
    if (nextToken === undefined || error.name !== 'InvalidRequestException') throw error;
    throw new Problem('invalid-request', '`nextToken` is none that this list gave', { cause: error });
  });
  return { lights: (found.things ?? []).map(foundLight), nextToken: found.nextToken };
}

export async function findLight(iot: IoTClient, id: string): Promise<FoundLight | undefined> {
  const { things = [] } = await iot.send(new SearchIndexCommand({ queryString: `thingName:${id}`, maxResults: 1 }));
  return things[0] && foundLight(things[0]);
}

/** The index tells when a light last came or went in milliseconds, 0 or nothing for one that never came. */
function foundLight({ thingName, connectivity }: ThingDocument): FoundLight {
  const { connected = false, timestamp } = connectivity ?? {};
  return {
    id: thingName!,
    connectivity: { connected, ...(timestamp && { since: new Date(timestamp).toISOString() }) },
  };
}
