/** The lamp's page: the AsyncAPI document to read, and a bench where a lamp shows what it can. */
import { ApiError, command, type LightUpdate, listLights, watchLights } from './api.ts';
import { type AsyncApi, type Channel, inWords, type Message, resolve } from './async-api.ts';
import { element } from './element.ts';
import { token } from './session.ts';

const make = (tag: string, text = '', ...children: Node[]): HTMLElement => {
  const made = document.createElement(tag);
  made.append(...marked(text), ...children);
  return made;
};

/** The two marks of the descriptions: `**strong**` and `` `code` ``. */
function marked(text: string): (Node | string)[] {
  return text.split(/(\*\*.*?\*\*|`.*?`)/).map(part => {
    const [, strong, code] = /^\*\*(.*)\*\*$|^`(.*)`$/.exec(part) ?? [];
    if (strong === undefined && code === undefined) return part;
    const made = document.createElement(strong === undefined ? 'code' : 'strong');
    made.textContent = strong ?? code!;
    return made;
  });
}

function drawMessage({ title, summary = '', payload, examples }: Message): HTMLElement {
  const table = make('table');
  for (const [name, schema] of Object.entries(payload.properties ?? {})) {
    table.append(
      make('tr', '', make('th', `\`${name}\``), make('td', inWords(schema)), make('td', schema.description)),
    );
  }
  const drawn = make('div', '', make('h3', title), make('p', summary), table);
  for (const example of examples) drawn.append(make('pre', JSON.stringify(example.payload)));
  return drawn;
}

function drawDocument(document: AsyncApi): void {
  element('#title').textContent = document.info.title;
  element('#description').append(...document.info.description.split('\n\n').map(text => make('p', text)));
  for (const { host, protocol, bindings } of Object.values(document.servers)) {
    const facts = { protocol, host, ...bindings.mqtt };
    for (const [name, value] of Object.entries(facts)) {
      element('#connection dl').append(make('dt', name), make('dd', `\`${value}\``));
    }
  }
  for (const { action, summary, channel, bindings } of Object.values(document.operations)) {
    const { address, messages } = resolve<Channel>(document, channel);
    const verb = action === 'send' ? 'The lamp publishes' : 'The lamp subscribes to';
    const settings = Object.entries(bindings.mqtt).map(([name, value]) => `${name} \`${value}\``);
    const article = make(
      'article',
      '',
      make('h2', `${verb} \`${address}\``),
      make('p', summary),
      make('p', settings.join(', ')),
    );
    article.append(...Object.values(messages).map(message => drawMessage(resolve<Message>(document, message))));
    element('#operations').append(article);
  }
}

function log(kind: 'sent' | 'valid' | 'rejected', text: string): void {
  const line = make('li', `${new Date().toLocaleTimeString()} ${text}`);
  line.className = kind;
  element('#log').prepend(line);
}

function offerCommands(document: AsyncApi, chosen: () => string): void {
  const received = Object.values(document.operations).filter(({ action }) => action === 'receive');
  for (const { channel } of received) {
    for (const reference of Object.values(resolve<Channel>(document, channel).messages)) {
      const { title, examples } = resolve<Message>(document, reference);
      const { command: _, ...parameters } = examples[0]!.payload;
      const takesParameters = Object.keys(parameters).length > 0;
      const button = make('button', title) as HTMLButtonElement;
      button.type = 'button';
      button.className = 'main';
      const body = make('textarea', JSON.stringify(parameters)) as HTMLTextAreaElement;
      body.rows = 1;
      body.ariaLabel = `Parameters of ${title}`;
      button.addEventListener('click', () => void send(chosen(), title, takesParameters ? body.value : undefined));
      element('#commands').append(make('div', '', button, ...(takesParameters ? [body] : [])));
    }
  }
}

async function send(id: string, name: string, parameters: string | undefined): Promise<void> {
  try {
    const { delivery } = await command(id, name, parameters && JSON.parse(parameters));
    log('sent', `${name} ${parameters ?? ''}: ${delivery === 'now' ? 'sent' : 'kept until the lamp is back'}`);
  } catch (error) {
    log('rejected', `${name}: ${(error as Error).message}`);
  }
}

function judge({ state, rejected, connectivity }: LightUpdate): void {
  if (state) log('valid', `reported \`${JSON.stringify(state)}\`, as documented`);
  if (rejected) log('rejected', `reported \`${rejected.payload}\`: ${rejected.reasons.join('; ')}`);
  if (connectivity) log('valid', connectivity.connected ? 'connected' : 'not connected any more');
}

async function openBench(document: AsyncApi): Promise<void> {
  const select = element<HTMLSelectElement>('#bench select');
  const { lights } = token() === null ? { lights: [] } : await listLights();
  element('#sign-in-first').hidden = lights.length > 0;
  element('#bench form').hidden = lights.length === 0;
  if (lights.length === 0) return;
  select.append(...lights.map(({ id, name }) => new Option(`${name} (${id})`, id)));
  offerCommands(document, () => select.value);
  await watchLights(
    () => {},
    update => {
      if (update.id === select.value) judge(update);
    },
  );
}

const asyncApi: AsyncApi = await (await fetch('/asyncapi.json')).json();
drawDocument(asyncApi);
await openBench(asyncApi).catch(error => {
  if (!(error instanceof ApiError && error.type === 'not-signed-in')) throw error;
  element('#sign-in-first').hidden = false;
});
