/** How much the registry holds, as data. Source: AWS general reference, "AWS IoT Device Management quotas". */
export interface RegistryLimits {
  readonly attributesOfTypedThing: number;
  readonly attributesOfUntypedThing: number;
  readonly attributesOfGroup: number;
  /** Names and values of one thing's attributes together, in bytes. */
  readonly attributeBytes: number;
  readonly searchableAttributes: number;
  readonly groupsOfThing: number;
  /** Levels of a group hierarchy, its root included. */
  readonly groupDepth: number;
  readonly directChildGroups: number;
  readonly dynamicGroups: number;
  readonly tagsOfResource: number;
  /** How long a thing type must have been deprecated before it can be deleted, in milliseconds. */
  readonly thingTypeDeletionWait: number;
}

export const awsRegistryLimits: RegistryLimits = {
  attributesOfTypedThing: 50,
  attributesOfUntypedThing: 3,
  attributesOfGroup: 50,
  attributeBytes: 47 * 1024,
  searchableAttributes: 3,
  groupsOfThing: 10,
  groupDepth: 7,
  directChildGroups: 100,
  dynamicGroups: 100,
  tagsOfResource: 50,
  thingTypeDeletionWait: 5 * 60_000,
};

/** No quotas of AWS's, only bounds that keep one record a record. */
export const openRegistryLimits: RegistryLimits = {
  attributesOfTypedThing: 1000,
  attributesOfUntypedThing: 1000,
  attributesOfGroup: 1000,
  attributeBytes: 1024 * 1024,
  searchableAttributes: 1000,
  groupsOfThing: 1000,
  groupDepth: 100,
  directChildGroups: 100_000,
  dynamicGroups: 1000,
  tagsOfResource: 1000,
  thingTypeDeletionWait: 0,
};
