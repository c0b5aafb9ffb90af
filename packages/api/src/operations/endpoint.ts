/** Where devices and applications find the planes. */
import { type Realm, ServiceError } from '@thingd/core';
import type { IotHandlers } from './operation.ts';

const endpointTypes = ['iot:Data', 'iot:Data-ATS', 'iot:CredentialProvider', 'iot:Jobs'] as const;

export type EndpointType = (typeof endpointTypes)[number];

/** What the program knows of its own addresses. */
export interface Endpoints {
  /** Host, and port where it is not the protocol's own, as `DescribeEndpoint` gives it. */
  address(realm: Realm, endpointType: EndpointType): string;
}

export interface EndpointServices {
  readonly endpoints: Endpoints;
}

export const endpointOperations = ({ endpoints }: EndpointServices): IotHandlers => ({
  /**
   * Without a type AWS means `iot:Data`, whose certificates it no longer serves; one certificate authority signs for all of ours,
   * so that type is the ATS one.
   */
  DescribeEndpoint({ endpointType = 'iot:Data' }, { realm }) {
    const known = endpointTypes.find(type => type === endpointType);
    if (!known) {
      const choices = endpointTypes.map(type => `\`${type}\``).join(', ');
      throw new ServiceError('InvalidRequestException', `endpoint type \`${endpointType}\` is none of ${choices}`);
    }
    return { endpointAddress: endpoints.address(realm, known === 'iot:Data' ? 'iot:Data-ATS' : known) };
  },
});
