/** The page: sign in, list the lights, keep them true. */
import {
  ApiError,
  command,
  createLight,
  deleteLight,
  type Light,
  type LightUpdate,
  listLights,
  watchLights,
} from './api.ts';
import { Card } from './card.ts';
import { askName, confirmDeletion, showCreated } from './dialogs.ts';
import { element } from './element.ts';
import { type Announcement, leaveToSignIn, returnFromSignIn, signInAs, signOut, token } from './session.ts';
import { fillWords, language, setLanguage, words } from './words.ts';

const cards = new Map<string, Card>();
const list = element('#lights');
const more = element<HTMLButtonElement>('#more');
let nextToken: string | undefined;

const show = (selector: string, visible: boolean): void => {
  element(selector).hidden = !visible;
};

function notice(text: string | undefined): void {
  element('#notice').textContent = text ?? '';
  show('#notice', text !== undefined);
}

/** Does it and tells what went wrong; a token that is no longer good leads back to sign-in. */
async function attempt<T>(work: () => Promise<T>): Promise<T> {
  try {
    const result = await work();
    notice(undefined);
    return result;
  } catch (error) {
    if (error instanceof ApiError && error.type === 'not-signed-in') leave();
    else notice(words().failed((error as Error).message));
    throw error;
  }
}

function leave(): void {
  signOut();
  location.reload();
}

function put(light: Light): void {
  const known = cards.get(light.id);
  if (known) return known.update(light);
  const card = new Card(light, {
    command: async (id, name, parameters) => (await attempt(() => command(id, name, parameters))).delivery,
    delete: remove,
  });
  cards.set(light.id, card);
  list.append(card.root);
  show('#none', false);
}

function drop(id: string): void {
  cards.get(id)?.root.remove();
  cards.delete(id);
  show('#none', cards.size === 0);
}

function change(update: LightUpdate): void {
  const { id, name, connectivity, deleted } = update;
  const card = cards.get(id);
  if (deleted) return drop(id);
  if (!card) return void (name !== undefined && connectivity && put({ id, name, connectivity }));
  if (connectivity && connectivity.connected !== card.light.connectivity.connected) {
    const { isReachable, isUnreachable } = words();
    element('#announcements').textContent = (connectivity.connected ? isReachable : isUnreachable)(card.light.name);
  }
  card.update(update);
}

async function load(): Promise<void> {
  const page = await attempt(() => listLights());
  const present = new Set(page.lights.map(({ id }) => id));
  if (page.nextToken === undefined) for (const id of [...cards.keys()].filter(id => !present.has(id))) drop(id);
  page.lights.forEach(put);
  nextToken = page.nextToken;
  more.hidden = nextToken === undefined;
  show('#none', cards.size === 0);
}

more.addEventListener('click', async () => {
  const page = await attempt(() => listLights(nextToken));
  page.lights.forEach(put);
  nextToken = page.nextToken;
  more.hidden = nextToken === undefined;
});

async function add(): Promise<void> {
  const name = await askName();
  if (name === undefined) return;
  const registration = await attempt(() => createLight(name));
  put({ id: registration.id, name, connectivity: { connected: false } });
  await showCreated(registration);
}

async function remove(light: Light): Promise<void> {
  if (!(await confirmDeletion(light))) return;
  await attempt(() => deleteLight(light.id));
  drop(light.id);
}

/** Watches for ever. What happens while the list is fetched is not missed, because watching comes first. */
async function follow(): Promise<never> {
  for (;;) {
    try {
      await watchLights(() => void load().catch(() => {}), change);
    } catch (error) {
      if (error instanceof ApiError && error.type === 'not-signed-in') leave();
      notice(words().offline);
    }
    await new Promise(resolve => setTimeout(resolve, 1000));
  }
}

function drawWords(): void {
  fillWords(document);
  const other = language === 'ja' ? 'en' : 'ja';
  const button = element('#language');
  button.textContent = other === 'ja' ? '日本語' : 'English';
  button.lang = other;
  for (const card of cards.values()) card.draw();
}

async function start(): Promise<void> {
  drawWords();
  const announcement: Announcement = await (await fetch('/sign-in')).json();
  const development = announcement.mode === 'development';
  show('#development', development);
  if (announcement.mode === 'oidc') await attempt(() => returnFromSignIn(announcement)).catch(() => {});
  if (token() !== null) {
    show('#home', true);
    show('#sign-out', true);
    return follow();
  }
  show('#sign-in', true);
  const field = element<HTMLInputElement>('#name-field input');
  show('#name-field', development);
  field.disabled = !development;
  element('#sign-in-form').addEventListener('submit', event => {
    event.preventDefault();
    if (announcement.mode === 'oidc') return void attempt(() => leaveToSignIn(announcement)).catch(() => {});
    signInAs(field.value);
    location.reload();
  });
}

element('#language').addEventListener('click', () => {
  setLanguage(language === 'ja' ? 'en' : 'ja');
  drawWords();
});
element('#sign-out').addEventListener('click', leave);
element('#add').addEventListener('click', () => void add().catch(() => {}));

await start();
