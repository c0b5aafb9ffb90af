/** Processor time from /proc: of a process with all its threads, and of the whole machine. Linux only. */
import { readFileSync } from 'node:fs';

/** The kernel counts in ticks of 10 ms (USER_HZ is 100 on every Linux that Node runs on). */
const millisecondsPerTick = 10;

/** User plus system time of a process and its threads, in ms. */
export function processCpu(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * millisecondsPerTick;
}

/** Busy time of all processors together, in ms. */
export function machineCpu(): number {
  const fields = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0]!.trim().split(/\s+/).slice(1).map(Number);
  const idle = fields[3]! + fields[4]!;
  return (fields.slice(0, 8).reduce((sum, n) => sum + n, 0) - idle) * millisecondsPerTick;
}

/** Resident memory of a process in bytes. */
export function residentMemory(pid: number): number {
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1] ?? 0) * 1024;
}
