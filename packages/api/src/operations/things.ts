/** Things and the principals attached to them. */
import { type Realm, type Thing, type ThingPrincipals, type Things, thingArn } from '@thingd/core';
import type { IotHandlers } from './operation.ts';

export interface ThingServices {
  readonly things: Things;
  readonly thingPrincipals: ThingPrincipals;
}

export const thingOperations = ({ things, thingPrincipals }: ThingServices): IotHandlers => ({
  async CreateThing(input, { realm }) {
    const { thingName, thingId } = await things.create(realm, input);
    return { thingName, thingArn: thingArn(realm, thingName), thingId };
  },

  async DescribeThing({ thingName }, { realm }) {
    const thing = await things.describe(realm, thingName);
    const { thingId, billingGroupName } = thing;
    return { ...summaryOf(realm, thing), thingId, defaultClientId: thingName, billingGroupName };
  },

  async UpdateThing(input, { realm }) {
    await things.update(realm, input);
  },

  async DeleteThing({ thingName, expectedVersion }, { realm }) {
    await things.delete(realm, thingName, expectedVersion);
  },

  async ListThings(input, { realm }) {
    const { items, nextToken } = await things.list(realm, input);
    return { things: items.map(thing => summaryOf(realm, thing)), nextToken };
  },

  async AttachThingPrincipal({ thingName, principal, thingPrincipalType }, { realm }) {
    await thingPrincipals.attach(realm, thingName, principal, thingPrincipalType);
  },

  async DetachThingPrincipal({ thingName, principal }, { realm }) {
    await thingPrincipals.detach(realm, thingName, principal);
  },

  async ListThingPrincipals({ thingName, ...page }, { realm }) {
    const { items, nextToken } = await thingPrincipals.ofThing(realm, thingName, page);
    return { principals: items.map(({ principal }) => principal), nextToken };
  },

  async ListThingPrincipalsV2({ thingName, ...page }, { realm }) {
    const { items, nextToken } = await thingPrincipals.ofThing(realm, thingName, page);
    const objects = items.map(({ principal, thingPrincipalType }) => ({ principal, thingPrincipalType }));
    return { thingPrincipalObjects: objects, nextToken };
  },

  async ListPrincipalThings({ principal, ...page }, { realm }) {
    const { items, nextToken } = await thingPrincipals.ofPrincipal(realm, principal, page);
    return { things: items.map(({ thingName }) => thingName), nextToken };
  },

  async ListPrincipalThingsV2({ principal, ...page }, { realm }) {
    const { items, nextToken } = await thingPrincipals.ofPrincipal(realm, principal, page);
    const objects = items.map(({ thingName, thingPrincipalType }) => ({ thingName, thingPrincipalType }));
    return { principalThingObjects: objects, nextToken };
  },
});

const summaryOf = (realm: Realm, { thingName, thingTypeName, attributes, version }: Thing) => ({
  thingName,
  thingTypeName,
  thingArn: thingArn(realm, thingName),
  attributes,
  version,
});
