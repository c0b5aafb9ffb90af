/**
 * What has changed in the domain, told to whoever keeps something derived from it: live connections' permissions, caches, and
 * the reserved event topics. Emitted after the commit that made it true.
 */
import type { Realm } from '../realm.ts';
import type { Thing } from '../registry/thing.ts';
import type { ThingGroup } from '../registry/thing-group.ts';
import type { ThingType } from '../registry/thing-type.ts';
import type { TopicRule } from '../rules/topic-rule.ts';

export type Operation = 'created' | 'updated' | 'deleted';

export type Change =
  | { readonly kind: 'certificate'; readonly realm: Realm; readonly certificateId: string; readonly status: string }
  | { readonly kind: 'policy'; readonly realm: Realm; readonly policyName: string }
  /** `target` is a principal or thing-group ARN. */
  | { readonly kind: 'policyAttachment'; readonly realm: Realm; readonly policyName: string; readonly target: string }
  | {
      readonly kind: 'thing';
      readonly realm: Realm;
      readonly thingName: string;
      readonly operation: Operation;
      /** As it is now, or was when it was deleted. */
      readonly thing: Thing;
      /** As it was before an update. */
      readonly previous?: Thing;
    }
  | { readonly kind: 'thingType'; readonly realm: Realm; readonly operation: Operation; readonly thingType: ThingType }
  /** A thing is in this billing group now, or in none. */
  | {
      readonly kind: 'thingBillingGroup';
      readonly realm: Realm;
      readonly thingName: string;
      readonly billingGroupName: string | undefined;
    }
  /** The things' index is another than before, and complete. */
  | { readonly kind: 'thingIndex'; readonly realm: Realm }
  /** A billing group is gone, and its things are in none. */
  | { readonly kind: 'billingGroupDeleted'; readonly realm: Realm; readonly billingGroupName: string }
  | { readonly kind: 'thingPrincipal'; readonly realm: Realm; readonly thingName: string; readonly principal: string }
  | {
      readonly kind: 'thingGroup';
      readonly realm: Realm;
      readonly thingGroupName: string;
      readonly operation: Operation;
      /** As it is now, or was when it was deleted. */
      readonly group: ThingGroup;
    }
  | {
      readonly kind: 'thingGroupMembership';
      readonly realm: Realm;
      readonly thingGroupName: string;
      readonly thingName: string;
      readonly operation: 'added' | 'removed';
    }
  /** A shadow was updated or deleted; the classic one's `shadowName` is empty. */
  | { readonly kind: 'shadow'; readonly realm: Realm; readonly thingName: string; readonly shadowName: string }
  | {
      readonly kind: 'topicRule';
      readonly realm: Realm;
      readonly ruleName: string;
      /** As it is now; undefined if it is gone. */
      readonly rule: TopicRule | undefined;
    }
  /** A fleet metric is another than before, or gone. */
  | { readonly kind: 'fleetMetric'; readonly realm: Realm; readonly metricName: string }
  /** The client of the thing's name has connected or disconnected, and the registry's record says so. */
  | { readonly kind: 'connectivity'; readonly realm: Realm; readonly thingName: string };

export type ChangeListener = (change: Change) => void;

/** The in-process form; a listener that throws must not stop the others, so listeners do not throw. */
export class Changes {
  readonly #listeners = new Set<ChangeListener>();

  emit(change: Change): void {
    for (const listener of this.#listeners) listener(change);
  }

  /** Returns the function that stops listening. */
  on(listener: ChangeListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
