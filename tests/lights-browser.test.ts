/** `examples/lights` in a real browser, with people who sign in at a real issuer. */
import { join } from 'node:path';
import { IoTDataPlaneClient, PublishCommand } from '@aws-sdk/client-iot-data-plane';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { temporaryDirectory } from './harness/directory.ts';
import { eventually } from './harness/eventually.ts';
import { freePort, startIssuer } from './harness/issuer.ts';
import { type Backend, type Bulb, type Registration, startBackend, startBulb } from './harness/lights.ts';
import { describeWith } from './harness/parts.ts';
import { startThingd } from './harness/thingd.ts';

/** Where pictures for the README go, if they are wanted. */
const pictures = process.env.LIGHTS_PICTURES;

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

describeWith(['chromium'], 'the page, in chromium', () => {
  let browser: Browser;
  let backend: Backend;
  let page: Page;
  let data: IoTDataPlaneClient;
  let living: Bulb;
  let kitchen: Bulb;
  const errors: string[] = [];

  beforeAll(async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const issuer = await startIssuer(`${url}/`);
    const thingd = await startThingd();
    const { accessKeyId, secretAccessKey, region } = thingd.credentials;
    const credentials = { accessKeyId, secretAccessKey };
    data = new IoTDataPlaneClient({ endpoint: thingd.endpoints.http.url, region, credentials });
    backend = await startBackend(thingd, {
      directory: await temporaryDirectory(),
      env: { LIGHTS_PORT: String(port), LIGHTS_OIDC_ISSUER: issuer.url, LIGHTS_OIDC_CLIENT_ID: issuer.clientId },
    });
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: flags });
    page = await open('ja-JP');
  });

  afterAll(async () => {
    await browser?.close();
  });

  async function open(locale: string): Promise<Page> {
    const context = await browser.newContext({ locale, viewport: { width: 390, height: 780 }, deviceScaleFactor: 2 });
    await blockTheRest(context);
    const opened = await context.newPage();
    opened.setDefaultTimeout(10_000);
    opened.on('pageerror', error => errors.push(String(error)));
    opened.on('console', message => message.type() === 'error' && errors.push(message.text()));
    await opened.goto(backend.url);
    return opened;
  }

  /** The issuer's pages have a style sheet from elsewhere; a test stays on this machine. */
  const blockTheRest = (context: BrowserContext) =>
    context.route(
      ({ hostname }) => hostname !== '127.0.0.1',
      route => route.abort(),
    );

  async function signIn(person: Page, name: string): Promise<void> {
    await person.click('#sign-in-form button');
    await person.fill('input[name=login]', name);
    await person.fill('input[name=password]', 'any');
    await person.click('button[type=submit]');
    await person.click('button[type=submit]:has-text("Continue")');
    await person.waitForSelector('#home:not([hidden])');
  }

  /** Adds a light on the page, and takes the file it offers to a new bulb. */
  async function add(name: string): Promise<Bulb> {
    await page.click('#add');
    await page.fill('#new-light input', name);
    await page.click('#new-light button[type=submit]');
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('#created a')]);
    const chunks = await (await download.createReadStream()).toArray();
    await page.click('#created button');
    const registration: Registration = JSON.parse(Buffer.concat(chunks).toString());
    expect(download.suggestedFilename()).toBe(`${registration.id}.json`);
    return startBulb(registration);
  }

  const card = (name: string) => page.locator('.light', { has: page.getByRole('heading', { name }) });
  const picture = async (of: Page, name: string) => {
    if (pictures) await of.screenshot({ path: join(pictures, `${name}.png`), animations: 'disabled' });
  };

  test('signs a person in by code flow and PKCE, and adds their lights', async () => {
    await signIn(page, 'hanako');
    living = await add('居間');
    kitchen = await add('台所');
    for (const name of ['居間', '台所']) await card(name).and(page.locator('.lit')).waitFor();
  });

  test('switches a light, and shows what the bulb says of itself', async () => {
    const power = card('居間').getByRole('switch');
    expect(await power.getAttribute('aria-checked')).toBe('true');
    await power.click();
    await eventually('the bulb is dark', async () => (await living.look()).power === 'off');
    await card('居間').and(page.locator(':not(.lit):not(.waiting)')).waitFor();
    expect(await power.getAttribute('aria-checked')).toBe('false');
    expect(await card('居間').locator('.status').textContent()).toBe('消灯');

    await card('台所').getByRole('slider').fill('35');
    await card('台所').locator('input[type=color]').fill('#66aaff');
    await eventually('the bulb is dimmed and blue', async () => {
      const { brightness, color } = await kitchen.look();
      return brightness === 35 && color === '#66aaff';
    });
    await picture(page, 'lights');
  });

  test('shows a light that is cut off at the wall in grey, and what it will do when it is back', async () => {
    await kitchen.switchAtWall();
    await card('台所').and(page.locator('.unreachable')).waitFor({ timeout: 45_000 });
    expect(await card('台所').locator('.status').textContent()).toContain('届きません');
    await card('台所').getByRole('switch').click();
    await eventually('it says so', async () =>
      (await card('台所').locator('.status').textContent())?.includes('戻ったら反映します'),
    );
    await picture(page, 'unreachable');
    await kitchen.switchAtWall();
    await card('台所').and(page.locator(':not(.unreachable):not(.lit)')).waitFor();
    expect((await kitchen.look()).power).toBe('off');
  });

  test('says the same in English', async () => {
    await page.getByRole('button', { name: 'English' }).click();
    expect(await page.locator('html').getAttribute('lang')).toBe('en');
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Lights');
    expect(await card('居間').locator('.status').textContent()).toBe('Off');
    await page.emulateMedia({ colorScheme: 'dark' });
    await picture(page, 'english');
    await page.emulateMedia({ colorScheme: 'light' });
    await page.getByRole('button', { name: '日本語' }).click();
  });

  test('shows a second person nothing of it', async () => {
    const other = await open('en-US');
    await signIn(other, 'taro');
    await other.waitForSelector('#none:not([hidden])');
    await card('居間').getByRole('switch').click();
    await card('居間').and(page.locator('.lit')).waitFor();
    expect(await other.locator('.light').count()).toBe(0);
    await other.context().close();
  });

  test('lets the lamp’s maker try a lamp, and tells what is wrong with a report', async () => {
    await page.goto(`${backend.url}/lamp`);
    await page.setViewportSize({ width: 900, height: 1000 });
    await page.waitForSelector('#bench form:not([hidden])');
    const option = await page.locator('#bench option', { hasText: '居間' }).getAttribute('value');
    await page.selectOption('#bench select', option);
    await page.getByRole('button', { name: 'brightness' }).click();
    await page.locator('#log .valid', { hasText: '"brightness":40' }).waitFor();
    await page.locator('#bench').scrollIntoViewIfNeeded();
    await data.send(
      new PublishCommand({
        topic: `${option}/data`,
        payload: Buffer.from('{"power":"on","brightness":"full"}'),
        qos: 1,
      }),
    );
    await page.locator('#log .rejected', { hasText: '/brightness' }).waitFor();
    const bench = await page.locator('#bench').boundingBox();
    await page.setViewportSize({ width: 900, height: Math.ceil(bench?.height ?? 0) + 64 });
    await page.keyboard.press('End');
    await picture(page, 'lamp');
    await page.setViewportSize({ width: 390, height: 780 });
  });

  test('gives the phone’s maker a page that calls the API', async () => {
    await page.goto(`${backend.url}/phone`);
    await page.setViewportSize({ width: 900, height: 1000 });
    const list = page.locator('#operations-lights-listLights');
    await list.click();
    await list.getByRole('button', { name: 'Try it out' }).click();
    await list.getByRole('button', { name: 'Execute' }).click();
    await list.locator('.live-responses-table .microlight', { hasText: '居間' }).waitFor();
    await picture(page, 'phone');
    await page.setViewportSize({ width: 390, height: 780 });
  });

  test('deletes a light after asking', async () => {
    await page.goto(backend.url);
    await card('台所').getByRole('button', { name: '台所を削除' }).click();
    await page.locator('#confirm').getByRole('button', { name: '削除' }).click();
    await card('台所').waitFor({ state: 'detached' });
    await eventually('the bulb is cut off', async () => !(await kitchen.look()).connected);
  });

  test('refuses tokens that are forged', async () => {
    const token = await page.evaluate(() => sessionStorage.getItem('token')!);
    const [header, payload, signature] = token.split('.') as [string, string, string];
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
    const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const forged = [
      `${header}.${encoded({ ...claims, sub: 'taro' })}.${signature}`,
      `${encoded({ alg: 'none' })}.${payload}.`,
      `${header}.${payload}.`,
      'hanako',
    ];
    expect((await backend.call(token, 'GET', '/light')).status).toBe(200);
    for (const bad of forged) expect((await backend.call(bad, 'GET', '/light')).status).toBe(401);
  });

  test('has complained of nothing meanwhile', () => {
    expect(errors.filter(text => !text.includes('ERR_FAILED'))).toEqual([]);
  });
});
