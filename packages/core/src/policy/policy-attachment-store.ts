/** What policies are attached to: certificates, Cognito identities and thing groups. */
import type { Position } from '../store/pagination.ts';
import { queryBuilder, readAll, write } from '../store/query.ts';
import type { Store, Write } from '../store/store.ts';
import type { PolicyTables } from './policy-store.ts';

/** A policy's operative version, as it applies to a target. */
export interface AttachedPolicy {
  readonly policyName: string;
  /** A certificate ARN, a thing-group ARN or a Cognito identity id. */
  readonly target: string;
  readonly generationId: string;
  readonly document: string;
}

/** A policy on a target, and since when. */
export interface PolicyAttachment {
  readonly policyName: string;
  readonly target: string;
  readonly attachedAt: number;
}

/** Where a page of attachments begins, how long it is, and which way it runs. */
export interface AttachmentPage {
  readonly after?: Position | undefined;
  readonly limit: number;
  readonly descending?: boolean | undefined;
}

const tables = (store: Store) => queryBuilder<PolicyTables>(store);

/** The policies attached to any of `targets`, with the documents in effect; by policy name, then target. */
export async function readAttachedPolicies(
  store: Store,
  realm: string,
  targets: readonly string[],
): Promise<AttachedPolicy[]> {
  const query = tables(store)
    .selectFrom('policy_attachment as attachment')
    .innerJoin('policy', join =>
      join.onRef('policy.realm', '=', 'attachment.realm').onRef('policy.policy_name', '=', 'attachment.policy_name'),
    )
    .innerJoin('policy_version as version', join =>
      join
        .onRef('version.realm', '=', 'policy.realm')
        .onRef('version.policy_name', '=', 'policy.policy_name')
        .onRef('version.version_id', '=', 'policy.default_version_id'),
    )
    .select(['policy.policy_name', 'attachment.target', 'policy.generation_id', 'version.document'])
    .where('attachment.realm', '=', realm)
    .where('attachment.target', 'in', targets)
    .orderBy('policy.policy_name')
    .orderBy('attachment.target');
  return (await readAll(store, query)).map(row => ({
    policyName: row.policy_name,
    target: row.target,
    generationId: row.generation_id,
    document: row.document,
  }));
}

/** The policies attached to any of `targets`, each once, in order of their first attachment. */
export async function listAttachedPolicies(
  store: Store,
  realm: string,
  targets: readonly string[],
  { after, limit, descending = false }: AttachmentPage,
): Promise<PolicyAttachment[]> {
  const direction = descending ? 'desc' : 'asc';
  const attached = tables(store)
    .selectFrom('policy_attachment')
    .select(({ fn }) => ['policy_name', fn.min('attached_at').as('attached_at'), fn.min('target').as('target')])
    .where('realm', '=', realm)
    .where('target', 'in', targets)
    .groupBy('policy_name')
    .as('attached');
  const query = tables(store)
    .selectFrom(attached)
    .select(['policy_name', 'target', 'attached_at'])
    .$if(after !== undefined, all =>
      all.where(({ eb, refTuple, tuple }) =>
        eb(
          refTuple('attached_at', 'policy_name'),
          descending ? '<' : '>',
          tuple(after![0] as number, after![1] as string),
        ),
      ),
    )
    .orderBy('attached_at', direction)
    .orderBy('policy_name', direction)
    .limit(limit);
  return (await readAll(store, query)).map(toAttachment);
}

/** The attachments of a policy, in order of attachment. */
export async function listTargets(
  store: Store,
  realm: string,
  policyName: string,
  { after, limit, descending = false }: AttachmentPage,
): Promise<PolicyAttachment[]> {
  const direction = descending ? 'desc' : 'asc';
  const query = tables(store)
    .selectFrom('policy_attachment')
    .selectAll()
    .where('realm', '=', realm)
    .where('policy_name', '=', policyName)
    .$if(after !== undefined, all =>
      all.where(({ eb, refTuple, tuple }) =>
        eb(refTuple('attached_at', 'target'), descending ? '<' : '>', tuple(after![0] as number, after![1] as string)),
      ),
    )
    .orderBy('attached_at', direction)
    .orderBy('target', direction)
    .limit(limit);
  return (await readAll(store, query)).map(toAttachment);
}

const toAttachment = (row: { policy_name: string; target: string; attached_at: number }): PolicyAttachment => ({
  policyName: row.policy_name,
  target: row.target,
  attachedAt: row.attached_at,
});

/** Stale if the policy has gone, or if meanwhile the target has come to as many policies as `limit` allows. */
export function insertPolicyAttachment(
  store: Store,
  realm: string,
  attachment: PolicyAttachment,
  limit: number,
): Write {
  const { policyName, target, attachedAt } = attachment;
  const row = tables(store)
    .selectNoFrom(({ val }) => [
      val(realm).as('realm'),
      val(target).as('target'),
      val(policyName).as('policy_name'),
      val(attachedAt).as('attached_at'),
    ])
    .where(({ selectFrom, eb }) =>
      eb(
        selectFrom('policy_attachment')
          .select(({ fn }) => fn.countAll<number>().as('count'))
          .where('realm', '=', realm)
          .where('target', '=', target),
        '<',
        limit,
      ),
    );
  return write(
    tables(store)
      .insertInto('policy_attachment')
      .columns(['realm', 'target', 'policy_name', 'attached_at'])
      .expression(row),
    1,
  );
}

export const deletePolicyAttachment = (store: Store, realm: string, policyName: string, target: string): Write =>
  write(
    tables(store)
      .deleteFrom('policy_attachment')
      .where('realm', '=', realm)
      .where('target', '=', target)
      .where('policy_name', '=', policyName),
    1,
  );

/** For the commit that deletes the target itself. */
export const deletePolicyAttachmentsOf = (store: Store, realm: string, target: string): Write =>
  write(tables(store).deleteFrom('policy_attachment').where('realm', '=', realm).where('target', '=', target));

/** For the commit that ends the target: stale if by then a policy is attached to it. */
export const expectNoPolicy = (store: Store, realm: string, target: string): Write => ({
  ...deletePolicyAttachmentsOf(store, realm, target),
  expect: 0,
});
