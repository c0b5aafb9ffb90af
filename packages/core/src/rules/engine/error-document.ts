/**
 * What an error action is given: which actions failed for a message, and the message (AWS: "Error handling (error action)"). Of a
 * rule with batches it has as many messages as failed together (AWS: "Batching HTTP action messages", "Error actions").
 */
import type { ActionRunners } from '../action-runner.ts';
import type { Invocation, PreparedAction } from './invocation.ts';

interface Failure {
  readonly failedAction: string;
  readonly failedResource: string;
  readonly errorMessage: string;
}

/** `invocations` are of one rule, and more than one only where an action of it batches. */
export function errorDocument(invocations: readonly Invocation[], runners: ActionRunners): Buffer {
  const [first] = invocations;
  const limits = invocations.flatMap(({ actions }) => actions.flatMap(action => batchLimitsOf(action, runners) ?? []));
  if (limits.length === 0) return documentOf(first!, runners);
  const { ruleName, message } = first!;
  const acrossTopics = limits.some(({ acrossTopics }) => acrossTopics);
  return toJson({
    ruleName,
    ...(!acrossTopics && { topic: message.topic }),
    payloadsWithMetadata: invocations.map((invocation, index) => ({
      id: index + 1,
      ...(acrossTopics && { topic: invocation.message.topic }),
      ...originOf(invocation),
    })),
    failures: sharedFailures(invocations, runners),
  });
}

function documentOf(invocation: Invocation, runners: ActionRunners): Buffer {
  const { ruleName, message } = invocation;
  const failures = failuresOf(
    invocation,
    runners,
    (error, kind) => `${error} Message arrived on: ${message.topic}, Action: ${kind}`,
  );
  return toJson({ ruleName, topic: message.topic, ...originOf(invocation), failures });
}

const originOf = ({ message: { traceId, clientId, sourceIp, payload } }: Invocation) => ({
  cloudwatchTraceId: traceId,
  clientId,
  sourceIp,
  base64OriginalPayload: payload.toString('base64'),
});

function failuresOf(
  { actions, outcomes }: Invocation,
  runners: ActionRunners,
  sentence: (error: string, kind: string) => string,
): Failure[] {
  return actions.flatMap((action, index) => {
    const outcome = outcomes[index];
    if (!outcome || outcome.ok) return [];
    return [{ ...nameOf(action, runners), errorMessage: sentence(outcome.error, action.kind) }];
  });
}

/** The same failure of several messages is one, with the ids of all it affects. */
function sharedFailures(invocations: readonly Invocation[], runners: ActionRunners) {
  const shared = new Map<string, Failure & { readonly affectedIds: Set<number> }>();
  for (const [index, invocation] of invocations.entries()) {
    for (const failure of failuresOf(invocation, runners, error => error)) {
      const key = JSON.stringify(failure);
      const entry = shared.get(key) ?? { affectedIds: new Set(), ...failure };
      entry.affectedIds.add(index + 1);
      shared.set(key, entry);
    }
  }
  return [...shared.values()].map(failure => ({ ...failure, affectedIds: [...failure.affectedIds] }));
}

function batchLimitsOf(action: PreparedAction, runners: ActionRunners) {
  return 'parameters' in action ? runners[action.kind]?.batching?.limits(action.parameters) : undefined;
}

function nameOf(action: PreparedAction, runners: ActionRunners) {
  const runner = runners[action.kind];
  const failedAction = runner?.failedAction ?? action.kind;
  if (runner === undefined || !('parameters' in action)) return { failedAction, failedResource: '' };
  return { failedAction, failedResource: runner.resourceOf(action.parameters) };
}

const toJson = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
