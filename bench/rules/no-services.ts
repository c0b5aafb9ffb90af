/** For statements that ask nobody. */
import type { ExternalServices } from '@thingd/core';

const unused = () => Promise.reject(new Error('no service is asked'));

export const noServices: ExternalServices = {
  invokeLambda: unused,
  getDynamodbItem: unused,
  getRegistryData: unused,
  getSecret: unused,
  getThingShadow: unused,
  predict: unused,
  getDescriptorSet: unused,
};
