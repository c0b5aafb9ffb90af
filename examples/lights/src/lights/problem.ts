/** What can go wrong, by type: each is an answer in `application/problem+json` (RFC 9457). */

export const problems = {
  'invalid-request': { status: 400, title: 'The request is not as documented' },
  'not-signed-in': { status: 401, title: 'Sign in first' },
  'light-not-found': { status: 404, title: 'There is no such light' },
  'command-not-found': { status: 404, title: 'There is no such command' },
  'route-not-found': { status: 404, title: 'There is nothing here' },
  'light-never-connected': { status: 409, title: 'The light has no session that could keep a command' },
  'too-many-requests': { status: 429, title: 'The IoT core asks for patience' },
  'internal-error': { status: 500, title: 'Our mistake' },
  'fleet-unavailable': { status: 503, title: 'The IoT core does not answer, or not yet' },
} as const;

export type ProblemType = keyof typeof problems;

/** A field that is not as documented: `path` is a JSON pointer into body, query or path. */
export interface InvalidField {
  readonly path: string;
  readonly message: string;
}

export class Problem extends Error {
  readonly type: ProblemType;
  readonly fields: readonly InvalidField[] | undefined;

  /** @param detail what happened here, and what to do next */
  constructor(type: ProblemType, detail: string, { fields, cause }: { fields?: InvalidField[]; cause?: unknown } = {}) {
    super(detail, { cause });
    this.name = 'Problem';
    this.type = type;
    this.fields = fields;
  }

  get status(): number {
    return problems[this.type].status;
  }
}
