/**
 * A bulk registration: one template, and a file with the parameters of one device a line. Source: AWS IoT developer guide,
 * "Bulk registration".
 */
export type RegistrationTaskStatus = 'InProgress' | 'Completed' | 'Failed' | 'Cancelled' | 'Cancelling';

/** What of a task's lines came to: what was registered, and what failed. */
export type ReportType = 'RESULTS' | 'ERRORS';

/** Where the lines are. */
export interface InputFile {
  readonly inputFileBucket: string;
  readonly inputFileKey: string;
  /** On whose behalf AWS reads the file. */
  readonly roleArn: string;
}

export interface RegistrationTask extends InputFile {
  readonly taskId: string;
  readonly templateBody: string;
  readonly status: RegistrationTaskStatus;
  /** Why it failed. */
  readonly message: string | undefined;
  readonly successCount: number;
  readonly failureCount: number;
  /** 0 to 100. */
  readonly percentageProgress: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly modifiedAt: number;
  /** Known to whoever was given a link to its reports, and to no one else. */
  readonly reportKey: string;
}

export const isRunning = ({ status }: RegistrationTask): boolean => status === 'InProgress' || status === 'Cancelling';

/** A line of a report, as JSON. The words of AWS's reports, whose form no page of AWS's gives. (unverified) */
export interface ReportEntry {
  readonly reportType: ReportType;
  readonly lineNumber: number;
  readonly entry: string;
}

/** A line of the input file that holds something. */
export interface InputLine {
  /** 1 for the first. */
  readonly lineNumber: number;
  /** Of its first byte in the file. */
  readonly offset: number;
  readonly text: string;
  /** Bytes of the file up to the line's end. */
  readonly end: number;
}

/** The lines of a file as it arrives; blank ones count, but are left out. A line longer than `maximumLine` ends the reading. */
export async function* linesOf(body: AsyncIterable<Uint8Array>, maximumLine = 1024 * 1024): AsyncGenerator<InputLine> {
  let rest: Buffer = Buffer.alloc(0);
  let offset = 0;
  let lineNumber = 0;
  const lineOf = (bytes: Buffer, newline: number): InputLine => {
    lineNumber += 1;
    const line = { lineNumber, offset, text: bytes.toString('utf8').trim(), end: offset + bytes.length + newline };
    offset = line.end;
    return line;
  };
  for await (const chunk of body) {
    rest = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = rest.indexOf(0x0a); end >= 0; end = rest.indexOf(0x0a, start)) {
      const line = lineOf(rest.subarray(start, end), 1);
      start = end + 1;
      if (line.text !== '') yield line;
    }
    rest = rest.subarray(start);
    if (rest.length > maximumLine) throw new RangeError(`line ${lineNumber + 1} is longer than ${maximumLine} bytes`);
  }
  const last = lineOf(rest, 0);
  if (last.text !== '') yield last;
}
