/** The examples of `docs/reference/policies.md`: each policy decides as the table below it says. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { dataPlaneActions } from './actions.ts';
import { compilePolicy } from './compile.ts';
import { parsePolicy } from './document.ts';
import { bindPolicies } from './evaluate.ts';
import { arn, contextOf } from './fixtures.ts';
import { lintPolicy } from './lint.ts';
import { operators } from './operators.ts';

const page = readFileSync(new URL('../../../../docs/reference/policies.md', import.meta.url), 'utf8');
const context = contextOf({ thing: { thingName: 'lamp-1' }, isAttached: true });

const examples = Array.from(
  page.matchAll(/```json\n([^`]*)```\n\n(?:[^|\n]*\n\n)?((?:\|[^\n]*\n)+)/g),
  ([, policy, table]) => ({
    policy: policy!,
    requests: Array.from(table!.matchAll(/^\| `(.*?)` `(.*?)` \| (\w+) \|$/gm), ([, action, resource, answer]) => ({
      action: action!,
      resource: resource!,
      answer,
    })),
  }),
);

test('there are two examples with five requests each', () => {
  expect(examples.map(({ requests }) => requests.length)).toEqual([5, 5]);
});

test.each(examples)('example %#', ({ policy, requests }) => {
  const document = parsePolicy(policy);
  expect(lintPolicy(document, [])).toEqual([]);
  const bound = bindPolicies([compilePolicy('example', document)], context);
  for (const { action, resource, answer } of requests) {
    expect({ action, resource, answer: bound.decide(action, arn(resource)) }).toEqual({ action, resource, answer });
  }
});

test('every action and every operator of the page is known', () => {
  const actions = Array.from(page.matchAll(/^\| ((?:`iot[:\w]+`(?:, )?)+) \| `/gm), ([, cell]) =>
    cell!.split(', '),
  ).flat();
  expect(actions.length).toBeGreaterThan(8);
  for (const action of actions) expect(dataPlaneActions.has(action.replaceAll('`', ''))).toBe(true);

  const section = page.slice(page.indexOf('## Conditions'), page.indexOf('- A key without value'));
  for (const name of operators.keys()) {
    const family = /^(Numeric|Date)(?:Less|Greater)/.exec(name)?.[1];
    expect(section).toContain(family === undefined ? `\`${name}\`` : `\`…${name.slice(family.length)}\``);
  }
});
