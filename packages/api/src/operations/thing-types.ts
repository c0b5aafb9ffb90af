/** Thing types. */
import { type Realm, type ThingType, type ThingTypes, thingTypeArn } from '@thingd/core';
import type { IotHandlers } from './operation.ts';

export interface ThingTypeServices {
  readonly thingTypes: ThingTypes;
}

export const thingTypeOperations = ({ thingTypes }: ThingTypeServices): IotHandlers => ({
  async CreateThingType(input, { realm }) {
    const { thingTypeName, thingTypeId } = await thingTypes.create(realm, input);
    return { thingTypeName, thingTypeArn: thingTypeArn(realm, thingTypeName), thingTypeId };
  },

  async DescribeThingType({ thingTypeName }, { realm }) {
    const type = await thingTypes.describe(realm, thingTypeName);
    return { ...definitionOf(realm, type), thingTypeId: type.thingTypeId };
  },

  async ListThingTypes(input, { realm }) {
    const { items, nextToken } = await thingTypes.list(realm, input);
    return { thingTypes: items.map(type => definitionOf(realm, type)), nextToken };
  },

  async UpdateThingType({ thingTypeName, thingTypeProperties }, { realm }) {
    await thingTypes.update(realm, thingTypeName, thingTypeProperties);
  },

  async DeprecateThingType({ thingTypeName, undoDeprecate }, { realm }) {
    await thingTypes.deprecate(realm, thingTypeName, undoDeprecate);
  },

  async DeleteThingType({ thingTypeName }, { realm }) {
    await thingTypes.delete(realm, thingTypeName);
  },
});

const definitionOf = (realm: Realm, { thingTypeName, properties, createdAt, deprecatedAt }: ThingType) => ({
  thingTypeName,
  thingTypeArn: thingTypeArn(realm, thingTypeName),
  thingTypeProperties: properties,
  thingTypeMetadata: {
    deprecated: deprecatedAt !== undefined,
    deprecationDate: deprecatedAt === undefined ? undefined : new Date(deprecatedAt),
    creationDate: new Date(createdAt),
  },
});
