import type { ActionEnd } from '@thingd/core';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { ruleMetrics } from './rule-metrics.ts';

const end: ActionEnd = {
  realm: '123456789012/us-east-1',
  ruleName: 'r',
  kind: 'http',
  isErrorAction: false,
  outcome: { ok: true },
  seconds: 0.001,
  topic: 'a',
};

test('actions are counted by their rule, kind and result, and their seconds cumulate over the bounds', async () => {
  const register = new Registry();
  const { actionEnded, renderSeconds } = ruleMetrics(register, () => []);
  for (const seconds of [0.001, 0.002, 700]) actionEnded({ ...end, seconds });
  actionEnded({ ...end, outcome: { ok: false, error: 'no' }, seconds: 0.3 });
  actionEnded({ ...end, kind: 'republish', isErrorAction: true, seconds: 0 });
  const lines = `${await register.metrics()}${renderSeconds()}`.split('\n');
  const labels = 'realm="123456789012/us-east-1",rule="r",action="http"';
  const ofHttp = lines.filter(line => line.includes(labels)).map(line => line.replace(labels, '…'));
  expect(ofHttp).toEqual([
    'thingd_rule_actions_total{…,result="success"} 3',
    'thingd_rule_actions_total{…,result="failure"} 1',
    ...[1, 2, 2, 2, 3, 3, 3, 3, 3, 3].map((count, index) => {
      const bound = [0.001, 0.005, 0.025, 0.1, 0.5, 1, 5, 30, 120, 600][index];
      return `thingd_rule_action_seconds_bucket{le="${bound}",…} ${count}`;
    }),
    'thingd_rule_action_seconds_bucket{le="+Inf",…} 4',
    'thingd_rule_action_seconds_sum{…} 700.303',
    'thingd_rule_action_seconds_count{…} 4',
  ]);
  expect(lines).toContain(
    'thingd_rule_actions_total{realm="123456789012/us-east-1",rule="r",action="republish",result="error action success"} 1',
  );
  expect(lines).toContain('# TYPE thingd_rule_action_seconds histogram');
});
