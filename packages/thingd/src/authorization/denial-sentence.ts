/** Why a request was denied, in one sentence that fits an MQTT 5 reason string. */
import type { Explanation } from '@thingd/core';

/** Characters; what a device can log. */
const longest = 1000;

/** Such as: nothing allows `iot:Publish` on `arn:…`; lamp[1] is for `arn:…`; `iot:Connection.Thing.ThingName` is empty. */
export function denialSentence(explanation: Explanation): string {
  const { action, resource, decision, matched, nearMisses, missingContextValues, suggestion } = explanation;
  const denying = matched.filter(({ effect }) => effect === 'Deny').map(nameOf);
  const parts =
    decision === 'explicitDeny'
      ? [`${denying.join(', ')} denies \`${action}\` on \`${resource}\``]
      : [
          `nothing allows \`${action}\` on \`${resource}\``,
          ...nearMisses.map(miss => `${nameOf(miss)}: ${miss.detail}`),
          ...missingContextValues.map(name => `\`${name}\` is empty`),
          ...(suggestion === '' ? [] : [`this would allow it: ${suggestion}`]),
        ];
  const sentence = parts.join('; ');
  return sentence.length > longest ? `${sentence.slice(0, longest - 1).toWellFormed()}…` : sentence;
}

const nameOf = ({ policyName, statementIndex }: { policyName: string; statementIndex: number }): string =>
  `${policyName}[${statementIndex}]`;
