/** Text that comes in pieces, as lines. */
import type { Readable } from 'node:stream';

/** Calls back for each line of UTF-8, and for what is longer than `longest` characters in pieces. */
export function eachLine(stream: Readable, longest: number, line: (text: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8').on('data', (text: string) => {
    const [head = '', ...others] = text.split('\n');
    rest += head;
    for (const other of others) {
      line(rest);
      rest = other;
    }
    if (rest.length > longest) {
      line(rest);
      rest = '';
    }
  });
  stream.on('end', () => rest !== '' && line(rest));
}

/** Characters of a printed line that are passed on whole. */
export const longestPrintedLine = 8192;
