/** A thing type: what things of one kind have in common. */
import { ServiceError } from '../errors.ts';
import { iotArn, type Realm } from '../realm.ts';
import type { Thing } from './thing.ts';

export interface ThingTypeProperties {
  readonly thingTypeDescription?: string | undefined;
  readonly searchableAttributes?: readonly string[] | undefined;
  readonly mqtt5Configuration?:
    | { readonly propagatingAttributes?: readonly PropagatingAttribute[] | undefined }
    | undefined;
}

/** AWS CloudFormation: AWS::IoT::ThingType PropagatingAttribute, "ConnectionAttribute". */
const connectionAttributes: readonly string[] = ['iot:ClientId', 'iot:Thing.ThingName'];

/** A thing's or connection's attribute that travels as a user property with each of its MQTT 5 messages. */
export interface PropagatingAttribute {
  readonly userPropertyKey?: string | undefined;
  readonly thingAttribute?: string | undefined;
  readonly connectionAttribute?: string | undefined;
}

export interface ThingType {
  readonly thingTypeName: string;
  readonly thingTypeId: string;
  readonly properties: ThingTypeProperties;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** When it was deprecated, if it is. */
  readonly deprecatedAt: number | undefined;
}

export const thingTypeArn = (realm: Realm, thingTypeName: string): string =>
  iotArn(realm, `thingtype/${thingTypeName}`);

/** The properties as they are kept: members in one order, empty ones left out, so that equal ones are equal as text. */
export function normalizeProperties(properties: ThingTypeProperties | undefined): ThingTypeProperties {
  const { thingTypeDescription, searchableAttributes, mqtt5Configuration } = properties ?? {};
  const propagating = mqtt5Configuration?.propagatingAttributes;
  return {
    ...(thingTypeDescription ? { thingTypeDescription } : {}),
    ...(searchableAttributes?.length ? { searchableAttributes } : {}),
    ...(propagating?.length
      ? {
          mqtt5Configuration: {
            propagatingAttributes: propagating.map(({ userPropertyKey, thingAttribute, connectionAttribute }) => ({
              userPropertyKey,
              thingAttribute,
              connectionAttribute,
            })),
          },
        }
      : {}),
  };
}

/** Throws `InvalidRequestException` for too many searchable attributes or a propagation without a source. */
export function checkProperties(properties: ThingTypeProperties, limits: { searchableAttributes: number }): void {
  const searchable = properties.searchableAttributes ?? [];
  if (searchable.length > limits.searchableAttributes) {
    throw new ServiceError(
      'InvalidRequestException',
      `${searchable.length} searchable attributes are more than the ${limits.searchableAttributes} a thing type may have`,
    );
  }
  for (const attribute of properties.mqtt5Configuration?.propagatingAttributes ?? []) {
    const sources = [attribute.thingAttribute, attribute.connectionAttribute].filter(source => source !== undefined);
    if (sources.length !== 1 || attribute.userPropertyKey === undefined) {
      throw new ServiceError(
        'InvalidRequestException',
        'a propagating attribute needs a `userPropertyKey` and either a `thingAttribute` or a `connectionAttribute`',
      );
    }
    const { connectionAttribute } = attribute;
    if (connectionAttribute !== undefined && !connectionAttributes.includes(connectionAttribute)) {
      throw new ServiceError(
        'InvalidRequestException',
        `connection attribute \`${connectionAttribute}\` is none of ${connectionAttributes.join(', ')}`,
      );
    }
  }
}

/**
 * What each message of a connection carries because of its thing's type (AWS: "Adding propagating attributes for message
 * enrichment"). An attribute the thing does not have is left out.
 */
export function propagatedProperties(
  type: ThingType,
  thing: Pick<Thing, 'thingName' | 'attributes'>,
  clientId: string,
): (readonly [name: string, value: string])[] {
  const connection: Readonly<Record<string, string>> = {
    'iot:ClientId': clientId,
    'iot:Thing.ThingName': thing.thingName,
  };
  const propagating = type.properties.mqtt5Configuration?.propagatingAttributes ?? [];
  return propagating.flatMap(({ userPropertyKey, thingAttribute, connectionAttribute }) => {
    const value =
      thingAttribute === undefined ? connection[connectionAttribute ?? ''] : thing.attributes[thingAttribute];
    return userPropertyKey === undefined || value === undefined ? [] : [[userPropertyKey, value] as const];
  });
}
