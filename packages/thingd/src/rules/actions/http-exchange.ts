/** One POST to a server, and what its answer says about trying again (AWS: "HTTP", "Retry"). */
import { ActionFailure, type ActionReport } from '@thingd/core';

/** Milliseconds an answer may take, as on AWS. */
const timeout = 3000;
/** Bytes of an answer that are read. */
const longestAnswer = 16_384;

export interface Exchange {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly signal: AbortSignal;
  /** What traces call it; `POST <url>` unless the URL is nobody else's business. */
  readonly request?: string;
  /** Told of an answer that is no success, before the failure is thrown. */
  readonly refused?: (answer: Response) => void;
}

/**
 * Resolves for 2xx. Rejects with `ActionFailure`: transient where nobody answers, and for 429 and 5xx; for any other answer, and
 * for one that is too long, another try would be in vain.
 */
export async function post(exchange: Exchange): Promise<ActionReport> {
  const { url, headers, body, signal, request = `POST ${url}`, refused } = exchange;
  let answer: Response;
  let text: string | undefined;
  try {
    answer = await fetch(url, {
      method: 'POST',
      headers,
      body,
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeout)]),
    });
    text = await readAnswer(answer);
  } catch (error) {
    throw new ActionFailure(reasonOf(error), { isTransient: true, report: { request }, cause: error });
  }
  const { status } = answer;
  const response = `${status}${text === undefined ? '' : ` ${text.slice(0, 1000)}`}`.trim();
  const report = { request, response };
  if (text === undefined) {
    throw new ActionFailure(`the answer has more than ${longestAnswer} bytes`, { isTransient: false, report });
  }
  if (status >= 200 && status < 300) return report;
  refused?.(answer);
  throw new ActionFailure(`the server answered ${status}`, { isTransient: status === 429 || status >= 500, report });
}

/** Undefined if it is too long. */
async function readAnswer({ body }: Response): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    length += chunk.length;
    if (length > longestAnswer) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** `fetch` hides what happened in the cause. */
function reasonOf(error: unknown): string {
  const { cause, message, name } = error as Error;
  if (name === 'TimeoutError') return `no answer within ${timeout} ms`;
  return cause instanceof Error ? cause.message || String((cause as NodeJS.ErrnoException).code) : message;
}
