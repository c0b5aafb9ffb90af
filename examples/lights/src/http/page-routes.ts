/**
 * The web page. It is TypeScript without a bundler: browsers load its modules as they are, once Node has taken the types out.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance } from 'fastify';
import type { SignIn } from '../sign-in/sign-in.ts';

const directory = join(import.meta.dirname, '..', 'page');

interface File {
  readonly type: string;
  readonly content: string;
}

const types: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  ts: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

function readPage(): Map<string, File> {
  const files = new Map<string, File>();
  for (const name of readdirSync(directory)) {
    const type = types[name.slice(name.lastIndexOf('.') + 1)];
    if (!type) continue;
    const content = readFileSync(join(directory, name), 'utf8');
    files.set(name, { type, content: name.endsWith('.ts') ? stripTypeScriptTypes(content) : content });
  }
  const oauth = readFileSync(fileURLToPath(import.meta.resolve('oauth4webapi')), 'utf8');
  files.set('oauth4webapi.js', { type: types.ts!, content: oauth });
  return files;
}

/** Nothing but the page's own files runs, and it speaks to nobody but the backend and the issuer. */
function securityPolicy(files: Map<string, File>, origins: readonly string[]): string {
  const importMaps = [...files.values()].flatMap(({ content }) =>
    [...content.matchAll(/<script type="importmap">(.*?)<\/script>/gs)].map(([, map]) => map!),
  );
  const hashes = new Set(importMaps.map(map => `'sha256-${createHash('sha256').update(map).digest('base64')}'`));
  return [
    "default-src 'none'",
    `script-src 'self' ${[...hashes].join(' ')}`,
    "style-src 'self'",
    "img-src 'self'",
    `connect-src 'self' ${origins.join(' ')}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

export async function pageRoutes(app: FastifyInstance, { signIn }: { signIn: SignIn }): Promise<void> {
  const files = readPage();
  const headers = {
    'content-security-policy': securityPolicy(files, signIn.origins),
    'cache-control': 'no-cache',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  };
  const serve = (path: string, { type, content }: File) =>
    app.get(path, { schema: { hide: true } }, (_, reply) => reply.headers(headers).type(type).send(content));
  for (const [name, file] of files) serve(`/page/${name}`, file);
  serve('/', files.get('index.html')!);
  serve('/lamp', files.get('lamp.html')!);
  app.get('/sign-in', { schema: { hide: true } }, () => signIn.announcement);
}
