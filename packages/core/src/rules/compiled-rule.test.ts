import { expect, test } from 'vitest';
import type { ActionRunner } from './action-runner.ts';
import { compilePayload, type RenderedAction } from './compiled-rule.ts';
import { contextWith, messageOf } from './sql/fixtures.ts';

const runner: ActionRunner = {
  failedAction: '',
  literals: ['keys'],
  check() {},
  resourceOf: () => '',
  run: () => ({ request: '' }),
};

function rendering(parameters: Record<string, unknown>, services = {}) {
  const payload = { sql: "SELECT * FROM 'a/#'", actions: [{ sqs: parameters }], awsIotSqlVersion: '2016-03-23' };
  const { actions } = compilePayload({ ruleDisabled: false, ...payload }, { sqs: runner });
  return (body: string) => actions[0]!.render(messageOf(body), contextWith(services), []);
}

test('templates are rendered wherever they stand, in lists and objects, and what is a literal stays as it is', () => {
  const render = rendering({
    roleArn: '${n}',
    topic: 'out/${n}',
    qos: 1,
    keys: ['${n}'],
    headers: {
      contentType: 'text/plain',
      userProperties: [
        { key: 'n', value: '${n}' },
        { key: '${n}', value: 'n' },
      ],
    },
  });
  const { parameters } = render('{"n":7}') as RenderedAction;
  expect(Object.keys(parameters)).toEqual(['roleArn', 'topic', 'qos', 'keys', 'headers']);
  expect(parameters).toEqual({
    roleArn: '${n}',
    topic: 'out/7',
    qos: 1,
    keys: ['${n}'],
    headers: {
      contentType: 'text/plain',
      userProperties: [
        { key: 'n', value: '7' },
        { key: '7', value: 'n' },
      ],
    },
  });
  expect(render('{"n":8}')).toMatchObject({ parameters: { topic: 'out/8' } });
  expect(parameters.topic).toBe('out/7');
});

test('parameters in which nothing depends on the message are the same for all messages', () => {
  const render = rendering({ topic: 'out', headers: { userProperties: [{ key: 'a', value: 'b' }] } });
  expect(render('{"n":1}')).toBe(render('{"n":2}'));
});

test('parameters that ask a function wait for its answer', async () => {
  const services = { getThingShadow: async () => '{"state":1}' };
  const render = rendering({ topic: 'out', body: "${get_thing_shadow('t', 'role').state} of ${n}" }, services);
  expect(await render('{"n":1}')).toMatchObject({ parameters: { topic: 'out', body: '1 of 1' } });
});
