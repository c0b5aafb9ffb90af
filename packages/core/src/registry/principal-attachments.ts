/** What hangs on a principal, answered to whoever wants to do away with it. */
import type { PrincipalAttachments } from '../identity/principal-attachments.ts';
import { deletePolicyAttachmentsOf, expectNoPolicy, listAttachedPolicies } from '../policy/policy-attachment-store.ts';
import { realmKey } from '../realm.ts';
import type { Store } from '../store/store.ts';
import { expectNoAttachment, listAttachments } from './thing-principal-store.ts';

export const principalAttachments = (store: Store): PrincipalAttachments => ({
  async attached(realm, principal) {
    const key = realmKey(realm);
    const things = await listAttachments(store, key, { principal }, undefined, 1);
    const policies = await listAttachedPolicies(store, key, [principal], { limit: 1 });
    return { policies: policies.length > 0, things: things.length > 0 };
  },
  async expectNone(realm, principal) {
    const key = realmKey(realm);
    return [expectNoAttachment(store, key, principal), expectNoPolicy(store, key, principal)];
  },
  async detachPolicies(realm, principal) {
    const key = realmKey(realm);
    return [expectNoAttachment(store, key, principal), deletePolicyAttachmentsOf(store, key, principal)];
  },
});
