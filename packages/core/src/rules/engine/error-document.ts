/** What an error action is given: which actions failed for a message, and the message (AWS: "Error handling (error action)"). */
import type { ActionRunners } from '../action-runner.ts';
import type { Invocation, PreparedAction } from './invocation.ts';

export function errorDocument(invocation: Invocation, runners: ActionRunners): Buffer {
  const { ruleName, message, actions, outcomes } = invocation;
  const failures = actions.flatMap((action, index) => {
    const outcome = outcomes[index];
    if (!outcome || outcome.ok) return [];
    const errorMessage = `${outcome.error} Message arrived on: ${message.topic}, Action: ${action.kind}`;
    return [{ ...nameOf(action, runners), errorMessage }];
  });
  const { topic, traceId, clientId, sourceIp, payload } = message;
  return Buffer.from(
    JSON.stringify({
      ruleName,
      topic,
      cloudwatchTraceId: traceId,
      clientId,
      sourceIp,
      base64OriginalPayload: payload.toString('base64'),
      failures,
    }),
  );
}

function nameOf(action: PreparedAction, runners: ActionRunners) {
  const runner = runners[action.kind];
  const failedAction = runner?.failedAction ?? action.kind;
  if (runner === undefined || !('parameters' in action)) return { failedAction, failedResource: '' };
  return { failedAction, failedResource: runner.resourceOf(action.parameters) };
}
