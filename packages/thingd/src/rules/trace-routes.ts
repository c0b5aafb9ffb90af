/** What rules did, by the program's own API: the last traces of a rule, and new ones as they come. */
import { PassThrough } from 'node:stream';
import { type RuleEngine, type RuleTraces, ServiceError, type Trace } from '@thingd/core';
import type { OwnCall, OwnRoute } from '../server/own-route.ts';

export interface TracesAnswer {
  readonly traces: readonly Trace[];
}

/** Bytes a reader may be behind before it misses traces. */
const farBehind = 1 << 20;

export function traceRoutes(engine: RuleEngine): OwnRoute[] {
  const read = {
    method: 'GET',
    action: 'thingd:GetRuleTraces',
    resource: ({ rule }: OwnCall['params']) => `rule/${rule}`,
  } as const;
  return [
    {
      ...read,
      url: 'rules/:rule/traces',
      handle: async (call): Promise<TracesAnswer> => ({ traces: tracesOf(engine, call).latest() }),
    },
    {
      ...read,
      url: 'rules/:rule/traces/live',
      contentType: 'text/event-stream',
      handle: async call => liveTraces(tracesOf(engine, call)),
    },
  ];
}

/** Throws `ResourceNotFoundException`. */
function tracesOf(engine: RuleEngine, { realm, params: { rule = '' } }: OwnCall): RuleTraces {
  const traces = engine.traces(realm, rule);
  if (traces === undefined) throw new ServiceError('ResourceNotFoundException', `rule \`${rule}\` does not exist`);
  return traces;
}

/** Server-sent events: each trace when it begins, and again whenever more is known of it. */
function liveTraces(traces: RuleTraces): PassThrough {
  const stream = new PassThrough();
  stream.write(': traces of a rule\n\n');
  const stop = traces.listen(trace => {
    if (stream.writableLength < farBehind) stream.write(`event: trace\ndata: ${JSON.stringify(trace)}\n\n`);
  });
  stream.once('close', stop);
  return stream;
}
