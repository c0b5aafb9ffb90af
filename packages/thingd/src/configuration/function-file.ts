/** The file that stands for a Lambda function, as an option names it: `./chat.js`, or `./chat.py:answer` for another handler. */

export interface FunctionFile {
  readonly path: string;
  /** What the file calls its handler. */
  readonly handler: string;
  readonly language: Language;
}

export type Language = 'node' | 'python';

/** Undefined if nothing runs such a file. */
export function parseFunctionFile(text: string): FunctionFile | undefined {
  const [, path, extension, handler] = /^(.+\.(py|[cm]?[jt]s))(?::([\p{L}_$][\p{L}\d_$]*))?$/u.exec(text) ?? [];
  if (path === undefined) return undefined;
  return extension === 'py'
    ? { path, handler: handler ?? 'lambda_handler', language: 'python' }
    : { path, handler: handler ?? 'handler', language: 'node' };
}
