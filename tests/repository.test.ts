/** What must hold of the sources themselves: who imports whom, how long files are, where packages come from. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { run } from './harness/command.ts';
import { root } from './harness/thingd.ts';

/** Which packages of this workspace each may import. ARCHITECTURE.md draws the same picture. */
const borders: Readonly<Record<string, readonly string[]>> = {
  broker: [],
  core: [],
  api: ['@thingd/core'],
  thingd: ['@thingd/broker', '@thingd/core', '@thingd/api'],
  device: [],
  console: [],
};

/** Files git knows or would add: what is ignored is no source. */
const { stdout } = await run('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root });
const files = stdout.split('\n').filter(path => path !== '');
const read = (path: string): string => {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch {
    return ''; // deleted, and not yet committed
  }
};

/** What a module imports or re-exports, statically or dynamically. */
function importsOf(source: string): string[] {
  const pattern = /^(?:import|export)\b[^;']*?\bfrom\s*'([^'\s]+)'|^import\s*'([^'\s]+)'|\bimport\('([^'\s]+)'\)/gm;
  return [...source.matchAll(pattern)].map(([, from, bare, dynamic]) => (from ?? bare ?? dynamic)!);
}

const packageOf = (path: string): string | undefined => /^packages\/([^/]+)\/src\/.*\.tsx?$/.exec(path)?.[1];

describe('packages', () => {
  const sources = files.filter(path => packageOf(path) !== undefined);

  test('import only what the picture allows', () => {
    expect(sources.length).toBeGreaterThan(50);
    const wrong = sources.flatMap(path => {
      const allowed = borders[packageOf(path)!];
      if (!allowed) return [`${path}: a package the picture does not know`];
      return importsOf(read(path))
        .filter(name => /^(@thingd\/|thingd$|thingd\/)/.test(name))
        .filter(name => !allowed.some(other => name === other || name.startsWith(`${other}/`)))
        .map(name => `${path} imports ${name}`);
    });
    expect(wrong).toEqual([]);
  });

  test('do not reach into each other by relative paths', () => {
    const wrong = sources.flatMap(path =>
      importsOf(read(path))
        .filter(name => name.startsWith('.'))
        .map(name => join(path, '..', name))
        .filter(target => !target.startsWith(`packages/${packageOf(path)}/`))
        .filter(target => !target.endsWith('package.json'))
        .map(target => `${path} imports ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  test('declare what they import', () => {
    const manifest = (name: string): Record<string, Record<string, string> | undefined> =>
      JSON.parse(read(`packages/${name}/package.json`));
    const rootDev = JSON.parse(read('package.json')).devDependencies;
    const wrong = sources.flatMap(path => {
      const { dependencies, devDependencies, peerDependencies } = manifest(packageOf(path)!);
      const test =
        /[.-](test|testing|contract|fixtures)\.ts$|\/(fixtures|arbitraries)\.ts$|\/(testing|fixtures)\//.test(path);
      const known = { ...dependencies, ...peerDependencies, ...(test && { ...devDependencies, ...rootDev }) };
      return importsOf(read(path))
        .filter(name => !name.startsWith('.') && !name.startsWith('node:'))
        .map(name =>
          name
            .split('/')
            .slice(0, name.startsWith('@') ? 2 : 1)
            .join('/'),
        )
        .filter(name => !(name in known) && name !== `@thingd/${packageOf(path)}`)
        .map(name => `${path} imports ${name}, which its package.json does not name`);
    });
    expect(wrong).toEqual([]);
  });
});

describe('files', () => {
  test('are 500 lines at most, generated ones aside', () => {
    const long = files
      .filter(path => /\.tsx?$/.test(path) && !path.includes('/generated/'))
      .map(path => [path, read(path).split('\n').length] as const)
      .filter(([, lines]) => lines > 500);
    expect(long).toEqual([]);
  });

  test('hold no merge markers and no words of work left over', () => {
    const pattern = /^(<{7} |>{7} )|\b(TODO|FIXME|XXX)\b/m;
    const own = 'tests/repository.test.ts';
    const wrong = files
      .filter(path => /\.(tsx?|md|json|ya?ml|sh|py)$/.test(path) && path !== own && path !== 'package-lock.json')
      .filter(path => !path.includes('/generated/') && pattern.test(read(path)));
    expect(wrong).toEqual([]);
  });
});

describe('the lockfile', () => {
  const lock = JSON.parse(read('package-lock.json'));

  test('names no registry host', () => {
    const hosts = Object.values<{ resolved?: string }>(lock.packages)
      .map(entry => entry.resolved)
      .filter(resolved => resolved !== undefined && /^[a-z+]+:\/\//.test(resolved));
    expect(hosts).toEqual([]);
    expect(read('.npmrc')).not.toMatch(/registry/);
  });

  test('has a hash for every package', () => {
    const without = Object.entries<{ integrity?: string; link?: boolean }>(lock.packages)
      .filter(([path, entry]) => path.includes('node_modules/') && !entry.link && !entry.integrity)
      .map(([path]) => path);
    expect(without).toEqual([]);
  });
});
