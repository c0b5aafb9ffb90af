/**
 * `/metrics` in the Prometheus format. The counting is done elsewhere in plain fields, which cost nothing on the message path;
 * here they are read when someone asks.
 */
import { type BrokerMetrics, Durations, durationBounds } from '@thingd/broker';
import type { ActionEnd, RuleState } from '@thingd/core';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { type FleetMetricSample, fleetMetricGauge } from './fleet-metric-gauge.ts';
import { formatHistogram } from './histogram.ts';
import { ruleMetrics } from './rule-metrics.ts';

type Field = {
  readonly [Name in keyof BrokerMetrics]: BrokerMetrics[Name] extends number ? Name : never;
}[keyof BrokerMetrics];

const gauges: readonly (readonly [field: Field, name: string, help: string])[] = [
  ['connections', 'thingd_connections', 'Clients connected'],
  ['pendingConnections', 'thingd_connections_pending', 'Connections without an accepted CONNECT'],
  ['sessions', 'thingd_sessions', 'Sessions, connected ones included'],
  ['subscriptions', 'thingd_subscriptions', 'Subscriptions of all sessions'],
  ['retained', 'thingd_retained_messages', 'Retained messages'],
  ['queuedMessages', 'thingd_queued_messages', 'Messages waiting in sessions'],
  ['inflight', 'thingd_inflight_messages', 'Messages sent and not yet acknowledged by clients'],
];

const counters: readonly (readonly [field: Field, name: string, help: string, labels?: Record<string, string>])[] = [
  ['connectionsTotal', 'thingd_connections_accepted_total', 'Accepted CONNECTs'],
  ['messagesIn', 'thingd_messages_in_total', 'Messages accepted from clients and from inside'],
  ['messagesOut', 'thingd_messages_out_total', 'Messages sent to clients'],
  ['bytesIn', 'thingd_bytes_in_total', 'Bytes read from clients'],
  ['bytesOut', 'thingd_bytes_out_total', 'Bytes written to clients'],
  [
    'messagesDropped',
    'thingd_messages_dropped_total',
    'Deliveries given up: queue full, client too slow, packet too large',
  ],
  ['messagesExpired', 'thingd_messages_expired_total', 'Deliveries whose expiry interval had passed'],
  ['connectDenied', 'thingd_denied_total', 'Requests denied', { action: 'connect' }],
  ['publishDenied', 'thingd_denied_total', 'Requests denied', { action: 'publish' }],
  ['subscribeDenied', 'thingd_denied_total', 'Requests denied', { action: 'subscribe' }],
  ['receiveDenied', 'thingd_denied_total', 'Requests denied', { action: 'receive' }],
  ['keepAliveTimeouts', 'thingd_keep_alive_timeouts_total', 'Connections closed for silence'],
  ['protocolErrors', 'thingd_protocol_errors_total', 'Connections closed for breaking MQTT'],
  ['storeWrites', 'thingd_broker_store_writes_total', 'Batches of changes the broker handed to the store'],
  ['storeChanges', 'thingd_broker_store_changes_total', 'Changes in these batches'],
];

const durations: readonly (readonly [
  field: 'deliverySeconds' | 'acknowledgementSeconds',
  name: string,
  help: string,
])[] = [
  [
    'deliverySeconds',
    'thingd_message_delivery_seconds',
    'From the read that brought a message to the last socket write of its turn',
  ],
  [
    'acknowledgementSeconds',
    'thingd_message_acknowledgement_seconds',
    'From the same read to the PUBACK or PUBREC, the store included',
  ],
];

/** Of a broker that has not started. */
const noDurations = new Durations();

export interface Metrics {
  readonly contentType: string;
  render(): Promise<string>;
  /** One group of the store made durable. */
  storeCommit(commit: { readonly writers: number; readonly seconds: number }): void;
  httpAnswer(seconds: number): void;
  /** One answered API call. */
  apiCall(operation: string, status: number): void;
  readonly ruleAction: (end: ActionEnd) => void;
}

export interface MetricSources {
  readonly broker: () => Readonly<BrokerMetrics> | undefined;
  readonly storeWaiting: () => number;
  readonly rules: () => Iterable<RuleState>;
  readonly fleetMetrics: () => Iterable<FleetMetricSample>;
}

export function createMetrics(sources: MetricSources): Metrics {
  const register = new Registry();
  const registers = [register];
  // Event-loop lag, memory, CPU, garbage collection under the names dashboards know.
  collectDefaultMetrics({ register });
  const value = (field: Field): number => sources.broker()?.[field] ?? 0;
  for (const [field, name, help] of gauges) {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value(field));
      },
    });
  }
  for (const [name, rows] of Map.groupBy(counters, ([, name]) => name)) {
    const labelNames = Object.keys(rows[0]?.[3] ?? {});
    new Counter({
      name,
      help: rows[0]?.[2] ?? '',
      labelNames,
      registers,
      collect() {
        this.reset();
        for (const [field, , , labels] of rows) this.inc(labels ?? {}, value(field));
      },
    });
  }
  new Gauge({
    name: 'thingd_store_waiting_requests',
    help: 'Requests to the database not yet answered',
    registers,
    collect() {
      this.set(sources.storeWaiting());
    },
  });
  const commitSeconds = new Histogram({
    name: 'thingd_store_commit_seconds',
    help: 'How long a group took to become durable',
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
    registers,
  });
  const commitWriters = new Histogram({
    name: 'thingd_store_commit_writers',
    help: 'How many writers shared a commit',
    buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 4096],
    registers,
  });
  const apiCalls = new Counter({
    name: 'thingd_api_calls_total',
    help: 'Answered API calls',
    labelNames: ['operation', 'status'],
    registers,
  });
  const httpSeconds = new Histogram({
    name: 'thingd_http_answer_seconds',
    help: 'How long HTTP requests took to be answered',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers,
  });
  const rules = ruleMetrics(register, sources.rules);
  fleetMetricGauge(register, sources.fleetMetrics);
  return {
    contentType: register.contentType,
    async render() {
      const broker = sources.broker();
      const timed = durations.map(([field, name, help]) => {
        const { counts, sum } = broker?.[field] ?? noDurations;
        return formatHistogram(name, help, [{ bounds: durationBounds, counts, sum }]);
      });
      return [await register.metrics(), ...timed, rules.renderSeconds()].join('\n');
    },
    storeCommit({ writers, seconds }) {
      commitSeconds.observe(seconds);
      commitWriters.observe(writers);
    },
    httpAnswer: seconds => httpSeconds.observe(seconds),
    ruleAction: rules.actionEnded,
    apiCall: (operation, status) => apiCalls.inc({ operation, status }),
  };
}
