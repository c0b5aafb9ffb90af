/** A billing group: things whose use is accounted for together. A thing is in one at most. */
import { iotArn, type Realm } from '../realm.ts';

export interface BillingGroup {
  readonly billingGroupName: string;
  readonly billingGroupId: string;
  readonly description: string | undefined;
  /** 1 at creation, one more with each update. */
  readonly version: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

/** As AWS's `BillingGroupProperties`. */
export interface BillingGroupProperties {
  readonly billingGroupDescription?: string | undefined;
}

export const billingGroupArn = (realm: Realm, billingGroupName: string): string =>
  iotArn(realm, `billinggroup/${billingGroupName}`);
