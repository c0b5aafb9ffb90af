/** Fleet metrics in `/metrics`. */
import { Gauge, type Registry } from 'prom-client';

/** One number of a fleet metric, as it was last computed. */
export interface FleetMetricSample {
  readonly realm: string;
  readonly metricName: string;
  /** `count`, `average` …, a percent, or `cardinality`. */
  readonly name: string;
  readonly value: number;
}

/** Series that one scrape shows: whoever may create fleet metrics must not fill the memory of who scrapes. */
const most = 1000;

export function fleetMetricGauge(register: Registry, samples: () => Iterable<FleetMetricSample>): void {
  new Gauge({
    name: 'thingd_fleet_metric',
    help: 'Fleet metrics, as last computed',
    labelNames: ['realm', 'metric', 'aggregation_type'],
    registers: [register],
    collect() {
      this.reset();
      let count = 0;
      for (const { realm, metricName, name, value } of samples()) {
        if (count++ === most) return;
        this.set({ realm, metric: metricName, aggregation_type: name }, value);
      }
    },
  });
}
