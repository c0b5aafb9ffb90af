/** Every action that rules can have, by the API's name for it; a kind that is not here is refused when a rule names it. */
import type { RealmHandle } from '@thingd/broker';
import type { ActionRunners, Realm } from '@thingd/core';
import { republish } from './republish.ts';

export interface ActionOptions {
  readonly open: (realm: Realm) => RealmHandle;
}

export const actionRunners = ({ open }: ActionOptions): ActionRunners => ({
  republish: republish(open),
});
