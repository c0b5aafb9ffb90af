/**
 * Decides requests against policies (AWS: IAM, "Policy evaluation logic"): an explicit deny wins, else an allow allows, else it
 * is denied. The order of policies and statements does not matter.
 *
 * Three times of work: `compilePolicy` once for a policy, `bindPolicies` once for a connection, `decide` for every packet. On
 * the first decision about an action a table is made of the statements that can apply, with region and account settled, so
 * that a decision is a few comparisons of strings, some 100 ns (`bench/policy.ts`).
 */
import { headerOf, settleArnPattern } from './arn-pattern.ts';
import type { CompiledPolicy, CompiledStatement } from './compile.ts';
import { type PolicyContext, withoutConnectKeys } from './context.ts';
import { type Explanation, explainDecision } from './explain.ts';
import { bindResources, matchesAction, statementMatches, timelessConditionsHold } from './statement.ts';
import { beginsWith, matchesWildcard, type Wildcard } from './wildcard.ts';

export type Decision = 'allowed' | 'explicitDeny' | 'implicitDeny';

/** Policies with one connection's values in the places of their variables. */
export interface BoundPolicies {
  /** Whether a decision holds for the life of this object; false if a statement that could apply reads the time. */
  readonly cacheable: boolean;
  /** `action` such as `iot:Publish`, `resource` a full ARN, or `*` for actions without resource. */
  decide(action: string, resource: string): Decision;
  /** The same decision with its reasons; slow, for logs and people. */
  explain(action: string, resource: string): Explanation;
}

/** Binds policies to a context. Bind again when the context changes; only the time is read afresh for each decision. */
export function bindPolicies(policies: readonly CompiledPolicy[], context: PolicyContext): BoundPolicies {
  return new Binding(policies, context);
}

/** The statements that can apply to one action on ARNs that begin with `header`. */
interface ActionTable {
  /** Of `headerOf`; if empty, the table is for `resource` alone. */
  readonly header: string;
  readonly resource: string;
  readonly deny: readonly TableEntry[];
  readonly allow: readonly TableEntry[];
}

/** One statement's resources as they are compared with ARNs of one header. */
interface TableEntry {
  readonly negated: boolean;
  /** Literal resources, where there are many. */
  readonly literals: ReadonlySet<string> | undefined;
  readonly wildcards: readonly Wildcard[];
  /** Set if the statement reads the time: it is then evaluated from the start. */
  readonly timed: CompiledStatement | undefined;
}

class Binding implements BoundPolicies {
  readonly cacheable: boolean;
  readonly #policies: readonly CompiledPolicy[];
  readonly #connectContext: PolicyContext;
  readonly #context: PolicyContext;
  readonly #tables = new Map<string, ActionTable>();

  constructor(policies: readonly CompiledPolicy[], context: PolicyContext) {
    this.#policies = policies;
    this.#connectContext = context;
    this.#context = withoutConnectKeys(context);
    this.cacheable = !policies.some(policy => policy.statements.some(statement => this.#dependsOnTime(statement)));
  }

  decide(action: string, resource: string): Decision {
    let table = this.#tables.get(action);
    if (table === undefined || !covers(table, resource)) {
      table = this.#tabulate(action, resource);
      this.#tables.set(action, table);
    }
    if (this.#anyMatches(table.deny, action, resource)) return 'explicitDeny';
    return this.#anyMatches(table.allow, action, resource) ? 'allowed' : 'implicitDeny';
  }

  explain(action: string, resource: string): Explanation {
    return explainDecision(this.#policies, this.#contextOf(action), action, resource);
  }

  #tabulate(action: string, resource: string): ActionTable {
    const context = this.#contextOf(action);
    const header = headerOf(resource);
    const deny: TableEntry[] = [];
    const allow: TableEntry[] = [];
    for (const { statements } of this.#policies) {
      for (const statement of statements) {
        if (!matchesAction(statement, action) || !timelessConditionsHold(statement, context)) continue;
        (statement.effect === 'Deny' ? deny : allow).push(tableEntry(statement, header, context));
      }
    }
    return { header, resource, deny, allow };
  }

  #anyMatches(entries: readonly TableEntry[], action: string, resource: string): boolean {
    for (let index = 0; index < entries.length; index++) {
      const entry = entries[index]!;
      if (entry.timed === undefined) {
        if (matchesEntry(entry, resource) !== entry.negated) return true;
      } else if (statementMatches(entry.timed, this.#contextOf(action), action, resource)) {
        return true;
      }
    }
    return false;
  }

  #contextOf(action: string): PolicyContext {
    return action.toLowerCase() === 'iot:connect' ? this.#connectContext : this.#context;
  }

  #dependsOnTime(statement: CompiledStatement): boolean {
    if (!statement.readsTime) return false;
    return [this.#connectContext, this.#context].some(context => timelessConditionsHold(statement, context));
  }
}

const covers = (table: ActionTable, resource: string): boolean =>
  table.header === '' ? resource === table.resource : beginsWith(resource, table.header);

function matchesEntry({ literals, wildcards }: TableEntry, resource: string): boolean {
  if (literals?.has(resource)) return true;
  for (let index = 0; index < wildcards.length; index++) {
    if (matchesWildcard(wildcards[index]!, resource)) return true;
  }
  return false;
}

/** The latest entry of statements that read nothing of the context: one for all connections of a realm. */
const sharedEntries = new WeakMap<CompiledStatement, { readonly header: string; readonly entry: TableEntry }>();

function tableEntry(statement: CompiledStatement, header: string, context: PolicyContext): TableEntry {
  if (statement.keys.length > 0) return settleStatement(statement, header, context);
  const shared = sharedEntries.get(statement);
  if (shared?.header === header) return shared.entry;
  const entry = settleStatement(statement, header, context);
  sharedEntries.set(statement, { header, entry });
  return entry;
}

/** From here on, one look-up in a set is quicker than comparing one by one (`bench/policy.ts`). */
const MANY_LITERALS = 8;

function settleStatement(statement: CompiledStatement, header: string, context: PolicyContext): TableEntry {
  const { negated } = statement.resources;
  if (statement.readsTime) return { negated, literals: undefined, wildcards: [], timed: statement };

  const patterns = bindResources(statement, context);
  const wildcards = patterns.flatMap(pattern => settleArnPattern(pattern, header) ?? []);
  const literals = wildcards.filter(wildcard => wildcard.kind === 'exact');
  if (literals.length < MANY_LITERALS) return { negated, literals: undefined, wildcards, timed: undefined };
  return {
    negated,
    literals: new Set(literals.map(literal => literal.head)),
    wildcards: wildcards.filter(wildcard => wildcard.kind !== 'exact'),
    timed: undefined,
  };
}
