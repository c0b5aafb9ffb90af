/** What is measured. Payloads are 64 bytes, topics about 30. */
import type { Load } from './load/generator.ts';

export interface Scenario {
  readonly name: string;
  readonly what: string;
  readonly load: Omit<Load, 'port' | 'brokerPid' | 'measured'>;
  /** CPU per message may be at most this multiple of mosquitto's. */
  readonly target: number;
}

const base = { size: 64, batch: 1, rate: 0 } as const;

const shapes = [
  {
    name: 'pairs',
    what: '50 publishers, 50 subscribers, window 20',
    target: 0.6,
    load: { ...base, shape: 'pairs', publishers: 50, subscribers: 50, window: 20 },
  },
  {
    name: 'fan-in',
    what: '100 publishers to 1 wildcard subscriber, window 20',
    target: 0.6,
    load: { ...base, shape: 'fanIn', publishers: 100, subscribers: 1, window: 20 },
  },
  {
    name: 'fan-out',
    what: '1 publisher to 200 subscribers, window 10',
    target: 0.6,
    load: { ...base, shape: 'fanOut', publishers: 1, subscribers: 200, window: 10 },
  },
  {
    name: 'batched',
    what: '50 pairs, 10 PUBLISH a write, window 40',
    target: 0.6,
    load: { ...base, shape: 'pairs', publishers: 50, subscribers: 50, window: 40, batch: 10 },
  },
  {
    name: 'fixed-rate',
    what: '1,000 pairs, 20,000 messages/s in all',
    target: 1.2,
    load: { ...base, shape: 'pairs', publishers: 1000, subscribers: 1000, window: 0, rate: 20_000 },
  },
] as const;

export const scenarios: readonly Scenario[] = shapes.flatMap(({ load, ...shape }) =>
  ([0, 1] as const).map(qos => ({ ...shape, name: `${shape.name} QoS ${qos}`, load: { ...load, qos } })),
);
