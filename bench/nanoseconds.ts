/**
 * Measures small pieces of work side by side and prints nanoseconds per operation, of the processor's time rather than the wall's.
 * Rounds of all cases alternate, so that a busy moment of the machine touches them alike; the table shows the median round and the
 * spread. Only compare numbers of one run.
 */
import { cpus, loadavg } from 'node:os';

export interface Case {
  readonly name: string;
  /** Operations one call of `run` performs. */
  readonly operations: number;
  /** Returns a number made of what it computed, so that no compiler finds it useless. */
  run(): number | Promise<number>;
}

const WARM_UP_ROUNDS = 5;
const ROUNDS = 15;
const ROUND_MICROSECONDS = 40_000;

/** Nanoseconds per operation of each case in each round, after some that do not count: more where V8 has much to optimize. */
export async function measureRounds(cases: readonly Case[], warmUpRounds = WARM_UP_ROUNDS): Promise<number[][]> {
  const rounds = cases.map(() => [] as number[]);
  let consumed = 0;
  const measure = async ({ operations, run }: Case): Promise<number> => {
    const start = process.cpuUsage();
    let calls = 0;
    let elapsed = 0;
    while (elapsed < ROUND_MICROSECONDS) {
      for (let call = 0; call < 20; call++) consumed += await run();
      calls += 20;
      const { user, system } = process.cpuUsage(start);
      elapsed = user + system;
    }
    return (elapsed * 1000) / (calls * operations);
  };

  for (let round = 0; round < warmUpRounds; round++) for (const one of cases) await measure(one);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, one] of cases.entries()) rounds[index]!.push(await measure(one));
  }
  if (!Number.isFinite(consumed)) throw new Error('the cases computed nothing');
  return rounds;
}

export async function measureCases(cases: readonly Case[]): Promise<void> {
  const rounds = await measureRounds(cases);
  const cpu = cpus();
  console.log(`${cpu.length} × ${cpu[0]?.model}, Node ${process.versions.node}, load ${loadavg()[0]!.toFixed(2)}`);
  console.log(`${'ns per operation'.padEnd(44)} median    min    max`);
  for (const [index, one] of cases.entries()) {
    const sorted = rounds[index]!.toSorted((a, b) => a - b);
    const columns = [sorted[ROUNDS >> 1]!, sorted[0]!, sorted.at(-1)!].map(value => value.toFixed(0).padStart(6));
    console.log(`${one.name.padEnd(44)} ${columns.join(' ')}`);
  }
}
