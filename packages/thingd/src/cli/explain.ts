/** `thingd explain`: why a device may or may not, as the running program decides it, in words. */
import type { Explanation } from '@thingd/core';
import pc from 'picocolors';
import type { ExplainAnswer } from '../server/explain.ts';

export function formatExplanation({ decisions, thingName, policies, certificateStatus }: ExplainAnswer): string {
  const lines = decisions.flatMap(formatDecision);
  lines.push('');
  lines.push(row('thing', thingName ?? pc.dim('none: the client id names no thing this certificate is attached to')));
  lines.push(row('policies', policies.length > 0 ? policies.join(', ') : pc.dim('none is attached')));
  if (certificateStatus !== 'ACTIVE') {
    lines.push(row('certificate', pc.red(`${certificateStatus}: it cannot connect whatever its policies say`)));
  }
  return lines.join('\n');
}

function formatDecision({ action, resource, decision, ...why }: Explanation): string[] {
  const verdict = {
    allowed: pc.green('allowed'),
    explicitDeny: pc.red('denied, by a statement that denies it'),
    implicitDeny: pc.red('denied, because nothing allows it'),
  }[decision];
  const lines = [`${pc.bold(action)} on ${resource}`, `  ${verdict}`];
  for (const { policyName, statementIndex, sid, effect } of why.matched) {
    lines.push(row(effect.toLowerCase(), nameOf(policyName, statementIndex, sid)));
  }
  const nearMisses = decision === 'allowed' ? [] : why.nearMisses;
  for (const { policyName, statementIndex, sid, detail } of nearMisses) {
    lines.push(row('close', `${nameOf(policyName, statementIndex, sid)}: ${detail}`));
  }
  for (const { name, value } of why.variables) {
    lines.push(row('variable', `\${${name}} = ${value ?? pc.yellow('empty')}`));
  }
  const others = why.missingContextValues.filter(name => !why.variables.some(variable => variable.name === name));
  for (const name of others) lines.push(row('condition', `${name} = ${pc.yellow('empty')}`));
  if (why.suggestion) lines.push(row('to allow it', why.suggestion));
  return lines;
}

const nameOf = (policyName: string, statementIndex: number, sid: string | undefined): string =>
  `${policyName}, statement ${statementIndex}${sid === undefined ? '' : ` (${sid})`}`;

const row = (name: string, value: string): string => `  ${pc.dim(name.padEnd(12))} ${value}`;
