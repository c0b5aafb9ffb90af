/** What identity asks of those who hang things and policies on certificates, before a certificate goes away. */
import type { Realm } from '../realm.ts';
import type { Write } from '../store/store.ts';

/** `principal` is a certificate ARN. */
export interface PrincipalAttachments {
  attached(realm: Realm, principal: string): Promise<{ readonly policies: boolean; readonly things: boolean }>;
  /** What takes every policy off the principal, to be committed together with the principal's own end. */
  detachPolicies(realm: Realm, principal: string): Promise<readonly Write[]>;
}
