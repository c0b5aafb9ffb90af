/** The sink `webhook`: a line in a chat room for each message, or the message itself for a server of one's own. */
import type { ActionRequest } from '@thingd/core';
import { post } from '../actions/http-exchange.ts';
import { type ChatFormat, chatBody, chatFormats } from './chat.ts';
import { type Definition, isObject, type Late } from './definition.ts';
import { Pause } from './pause.ts';
import { invalid, type Sink, type SinkAddress, type SinkContext, type SinkKind, unfit } from './sink.ts';

interface Settings {
  readonly url: Late;
  readonly format: ChatFormat | 'plain';
  readonly headers: Readonly<Record<string, string>>;
  /** The member that is the text, where the rule gives none. */
  readonly textMember: string;
}

/** Milliseconds a server may ask to be left alone for. */
const longestPause = 3600_000;

export const webhook: SinkKind = (definition, context) => new WebhookSink(settingsOf(definition), context);

function settingsOf(definition: Definition): Settings {
  const url = definition.secret('url', /^https?:\/\/[^\s/@]+(\/\S*)?$/, 'a URL of http or https');
  if (url === undefined) throw invalid('`url` expects a URL of http or https');
  const headers = definition.textsByName('headers');
  try {
    new Headers(headers);
  } catch {
    throw invalid('`headers` expects headers of HTTP');
  }
  const format = definition.oneOf('format', [...chatFormats, 'plain'], 'plain');
  const textMember = definition.optionalText('textMember');
  if (format === 'plain' && textMember !== undefined) throw invalid('`textMember` expects the `format` of a chat');
  return { url, headers, format, textMember: textMember ?? 'text' };
}

class WebhookSink implements Sink {
  readonly #settings: Settings;
  readonly #context: SinkContext;
  readonly #pause: Pause;

  constructor(settings: Settings, context: SinkContext) {
    this.#settings = settings;
    this.#context = context;
    this.#pause = new Pause(context.clock);
  }

  check({ rest, headers }: SinkAddress): void {
    if (rest !== undefined) throw invalid('a webhook has one URL, so nothing follows the name of the sink');
    const isText = this.#settings.format !== 'plain';
    const other = headers.find(({ key }) => !(isText && key === 'text'));
    if (other !== undefined) {
      throw invalid(`the header \`${other.key}\` means nothing to the sink${isText ? ', which knows `text`' : ''}`);
    }
  }

  async deliver(request: ActionRequest, address: SinkAddress): Promise<string> {
    this.#pause.check();
    const { url, headers } = this.#settings;
    const { type, body } = this.#bodyOf(request, address);
    const { response = '' } = await post({
      url: url(),
      headers: { ...headers, 'content-type': type },
      body: new Uint8Array(body),
      signal: request.signal,
      request: 'POST',
      refused: answer => this.#refused(answer),
    });
    return response;
  }

  async close(): Promise<void> {}

  #bodyOf(
    { payload, isJson }: ActionRequest,
    { headers }: SinkAddress,
  ): { readonly type: string; readonly body: Buffer } {
    const { format, textMember } = this.#settings;
    if (format === 'plain') return { type: isJson ? 'application/json' : 'application/octet-stream', body: payload };
    const given = headers.find(({ key }) => key === 'text')?.value;
    const text = given ?? textOf(payload, isJson, textMember);
    if (text.trim() === '') throw unfit('the text is empty');
    return { type: 'application/json', body: Buffer.from(JSON.stringify(chatBody(format, text))) };
  }

  /** RFC 9110, 10.2.3: seconds or a date. Until then no message is sent; each waits as one whose target is away. */
  #refused({ status, headers }: Response): void {
    const given = headers.get('retry-after');
    if (given === null || (status !== 429 && status !== 503)) return;
    const wait = /^\d+(\.\d+)?$/.test(given) ? Number(given) * 1000 : Date.parse(given) - this.#context.clock.now();
    if (wait > 0)
      this.#pause.begin(
        Math.min(wait, longestPause),
        'the server has asked to be left alone for a while (Retry-After)',
      );
  }
}

/** The member if it is text, else everything as it is. Throws a permanent `ActionFailure` for what is no text. */
function textOf(payload: Buffer, isJson: boolean, member: string): string {
  if (!isJson || payload.length === 0) throw unfit('what SELECT made is no JSON, so it is no text');
  const text = payload.toString('utf8');
  const value: unknown = JSON.parse(text);
  if (typeof value === 'string') return value;
  const found = isObject(value) ? value[member] : undefined;
  return typeof found === 'string' ? found : text;
}
