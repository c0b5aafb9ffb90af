/** Every handler there is, merged from the areas: what is not here answers 501 by its name. */
import type { Handlers } from './operation.ts';

/** What the handlers call: each area names the services it needs. */
export type OperationServices = object;

export function operations(_services: OperationServices): Handlers {
  return { iot: {}, iotdata: {}, jobsdata: {} };
}
