/** Where rules are kept: one row a rule, its payload as the JSON that was given. */
import type { Migration } from '../store/migrations.ts';
import type { Position } from '../store/pagination.ts';
import { queryBuilder, readAll, readFirst, write } from '../store/query.ts';
import type { Store, Write } from '../store/store.ts';
import type { TopicRule, TopicRulePayload } from './topic-rule.ts';

interface TopicRuleRow {
  realm: string;
  rule_name: string;
  /** What FROM names; null for a rule that only Basic Ingest reaches. */
  topic_pattern: string | null;
  /** `TopicRulePayload` without `ruleDisabled`. */
  payload: string;
  disabled: number;
  created_at: number;
  version: number;
}

interface RuleTables {
  topic_rule: TopicRuleRow;
}

export const topicRuleMigration: Migration = {
  name: 'rules: rules',
  statements: schema => [
    schema
      .createTable('topic_rule')
      .addColumn('realm', 'text', column => column.notNull())
      .addColumn('rule_name', 'text', column => column.notNull())
      .addColumn('topic_pattern', 'text')
      .addColumn('payload', 'text', column => column.notNull())
      .addColumn('disabled', 'integer', column => column.notNull())
      .addColumn('created_at', 'bigint', column => column.notNull())
      .addColumn('version', 'integer', column => column.notNull())
      .addPrimaryKeyConstraint('topic_rule_name', ['realm', 'rule_name']),
  ],
};

/** A rule with the filter its statement names. */
export interface StoredRule {
  readonly rule: TopicRule;
  readonly topicPattern: string | undefined;
}

const tables = (store: Store) => queryBuilder<RuleTables>(store);

export async function readTopicRule(store: Store, realm: string, ruleName: string): Promise<StoredRule | undefined> {
  const query = tables(store).selectFrom('topic_rule').selectAll();
  const row = await readFirst(store, query.where('realm', '=', realm).where('rule_name', '=', ruleName));
  return row && toStoredRule(row);
}

/** Rules by name, of one realm. */
export async function listTopicRules(
  store: Store,
  realm: string,
  ruleDisabled: boolean | undefined,
  after: Position | undefined,
  limit: number,
): Promise<StoredRule[]> {
  let query = tables(store).selectFrom('topic_rule').selectAll().where('realm', '=', realm);
  if (ruleDisabled !== undefined) query = query.where('disabled', '=', Number(ruleDisabled));
  if (after) query = query.where('rule_name', '>', after[0] as string);
  return (await readAll(store, query.orderBy('rule_name').limit(limit))).map(toStoredRule);
}

/** Every rule of every realm: what an engine starts with. */
export async function allTopicRules(store: Store): Promise<{ readonly realm: string; readonly rule: TopicRule }[]> {
  const rows = await readAll(store, tables(store).selectFrom('topic_rule').selectAll());
  return rows.map(row => ({ realm: row.realm, rule: toStoredRule(row).rule }));
}

export async function countTopicRules(store: Store, realm: string): Promise<number> {
  const query = tables(store).selectFrom('topic_rule').where('realm', '=', realm);
  return Number(
    (
      await readFirst(
        store,
        query.select(({ fn }) => fn.countAll().as('count')),
      )
    )?.count ?? 0,
  );
}

export const insertTopicRule = (store: Store, realm: string, { rule, topicPattern }: StoredRule): Write =>
  write(
    tables(store)
      .insertInto('topic_rule')
      .values({
        realm,
        rule_name: rule.ruleName,
        topic_pattern: topicPattern ?? null,
        payload: payloadOf(rule),
        disabled: Number(rule.ruleDisabled),
        created_at: rule.createdAt,
        version: rule.version,
      }),
    1,
  );

/** Stale unless the stored rule still has the version just before this one's. */
export const replaceTopicRule = (store: Store, realm: string, { rule, topicPattern }: StoredRule): Write =>
  write(
    tables(store)
      .updateTable('topic_rule')
      .set({
        topic_pattern: topicPattern ?? null,
        payload: payloadOf(rule),
        disabled: Number(rule.ruleDisabled),
        version: rule.version,
      })
      .where('realm', '=', realm)
      .where('rule_name', '=', rule.ruleName)
      .where('version', '=', rule.version - 1),
    1,
  );

export const deleteTopicRule = (store: Store, realm: string, ruleName: string): Write =>
  write(tables(store).deleteFrom('topic_rule').where('realm', '=', realm).where('rule_name', '=', ruleName));

function payloadOf({ sql, description, actions, awsIotSqlVersion, errorAction }: TopicRulePayload): string {
  return JSON.stringify({ sql, description, actions, awsIotSqlVersion, errorAction });
}

function toStoredRule(row: TopicRuleRow): StoredRule {
  const payload = JSON.parse(row.payload) as TopicRulePayload;
  const { rule_name: ruleName, created_at: createdAt, version } = row;
  const rule = { ...payload, ruleName, ruleDisabled: row.disabled !== 0, createdAt, version };
  return { rule, topicPattern: row.topic_pattern ?? undefined };
}
