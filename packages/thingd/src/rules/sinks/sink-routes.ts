/** Sinks by the program's own API: shown without their secrets, made, replaced, and deleted once no rule names them. */
import { type Realm, ruleAction, ServiceError, type TopicRule, type TopicRules } from '@thingd/core';
import type { OwnCall, OwnRoute } from '../../server/own-route.ts';
import { isSinkUrl, sinkAddress } from './sink.ts';
import type { SinkEntry, Sinks } from './sinks.ts';

export interface SinksAnswer {
  readonly sinks: readonly SinkEntry[];
}

export function sinkRoutes(sinks: Sinks, rules: TopicRules): OwnRoute[] {
  const one = { url: 'sinks/:sink', resource: ({ sink }: OwnCall['params']) => `sink/${sink}` } as const;
  const nameOf = ({ params: { sink = '' } }: OwnCall): string => sink;
  return [
    {
      method: 'GET',
      url: 'sinks',
      action: 'thingd:ListSinks',
      handle: async ({ realm }): Promise<SinksAnswer> => ({ sinks: sinks.list(realm) }),
    },
    { ...one, method: 'GET', action: 'thingd:GetSink', handle: async call => sinks.get(call.realm, nameOf(call)) },
    {
      ...one,
      method: 'PUT',
      action: 'thingd:PutSink',
      handle: call => sinks.put(call.realm, nameOf(call), call.input),
    },
    {
      ...one,
      method: 'DELETE',
      action: 'thingd:DeleteSink',
      async handle(call) {
        const sinkName = nameOf(call);
        const [rule] = await rulesTo(rules, call.realm, sinkName);
        if (rule !== undefined) {
          throw new ServiceError('DeleteConflictException', `rule \`${rule}\` writes to sink \`${sinkName}\``);
        }
        await sinks.delete(call.realm, sinkName);
        return undefined;
      },
    },
  ];
}

/** Names of rules with an action on the sink. */
async function rulesTo(rules: TopicRules, realm: Realm, sinkName: string): Promise<readonly string[]> {
  const found: string[] = [];
  let nextToken: string | undefined;
  do {
    const page = await rules.list(realm, { nextToken, maxResults: 1000 });
    for (const rule of page.items) if (sinksOf(rule).includes(sinkName)) found.push(rule.ruleName);
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return found;
}

function sinksOf({ actions, errorAction }: TopicRule): string[] {
  const urls = [...actions, ...(errorAction ? [errorAction] : [])]
    .map(ruleAction)
    .filter(({ kind }) => kind === 'http')
    .map(({ parameters }) => String(parameters.url));
  return urls.filter(isSinkUrl).map(url => sinkAddress(url, []).sinkName);
}
