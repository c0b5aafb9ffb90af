/** What identity asks of those who hang things and policies on certificates, before a certificate goes away. */
import type { Realm } from '../realm.ts';
import type { Write } from '../store/store.ts';

/** `principal` is a certificate ARN. */
export interface PrincipalAttachments {
  attached(realm: Realm, principal: string): Promise<{ readonly policies: boolean; readonly things: boolean }>;
  /** For the commit that ends the principal or gives it away: stale if by then a policy or a thing is attached to it. */
  expectNone(realm: Realm, principal: string): Promise<readonly Write[]>;
  /** What takes every policy off the principal, to be committed together with the principal's own end; stale if a thing is attached. */
  detachPolicies(realm: Realm, principal: string): Promise<readonly Write[]>;
}
