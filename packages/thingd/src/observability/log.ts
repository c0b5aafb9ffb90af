/** The program's log: events with fields, as JSON lines for machines or one line each for people. */
import pc from 'picocolors';
import { type DestinationStream, destination, type Logger, pino, stdTimeFunctions } from 'pino';

export type Log = Logger;

export interface LogOptions {
  readonly level: string;
  /** Without it, text on a terminal and JSON elsewhere. */
  readonly format: 'json' | 'text' | undefined;
}

const standardError = 2;

/** Logs to standard error: standard output belongs to what a command answers. */
export function openLog({ level, format }: LogOptions): Log {
  // Synchronous, so that the line which says why the program ends is not lost with it.
  const output = destination({ fd: standardError, sync: true });
  const text = (format ?? (process.stderr.isTTY ? 'text' : 'json')) === 'text';
  return createLog(level, text ? { write: line => output.write(formatLine(line)) } : output);
}

export const createLog = (level: string, output: DestinationStream): Log =>
  pino(
    {
      level,
      base: undefined,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }) },
      serializers: { error: pino.stdSerializers.errWithCause },
    },
    output,
  );

const paint: Readonly<Record<string, (text: string) => string>> = {
  warn: pc.yellow,
  error: pc.red,
  fatal: pc.red,
  debug: pc.dim,
  trace: pc.dim,
};

/** `12:00:00.000 publish.denied clientId=lamp-1 topic=a/b` from a JSON line; a stack trace follows on lines of its own. */
export function formatLine(line: string): string {
  const { level, time, event, msg, error, ...fields } = JSON.parse(line);
  const pairs = Object.entries(fields).map(([name, value]) => `${pc.dim(`${name}=`)}${formatValue(value)}`);
  const color = paint[level] ?? pc.green;
  const head = [pc.dim(time.slice(11, 23)), color(event ?? level), ...(msg ? [msg] : []), ...pairs].join(' ');
  return `${head}${formatError(error)}\n`;
}

/** Its stack on lines of its own, then that of what caused it. */
function formatError(error: { stack?: string; message?: string; cause?: object } | undefined): string {
  if (error === undefined) return '';
  const stack = String(error.stack ?? error.message).replaceAll('\n', '\n  ');
  return `\n  ${stack}${formatError(error.cause)}`;
}

/** Strangers choose names that stand here: none of them may command the terminal. */
function formatValue(value: unknown): string {
  if (typeof value === 'string' && /^[^\s"=\p{Cc}]+$/u.test(value)) return value;
  return JSON.stringify(value)?.replace(
    /\p{Cc}/gu,
    control => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
