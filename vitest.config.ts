import { defineConfig } from 'vitest/config';

const resolve = { conditions: ['@thingd/source', 'node'] };

/** Tests that crowd the machine, kill what they started, or look at how long something takes. */
const alone = [
  'bad-input',
  'crash',
  'crash-shadow',
  'docs',
  'lights',
  'lights-browser',
  'paho-interop',
  'program',
  'rule-outage',
].map(name => `tests/${name}.test.ts`);

const frontDoor = { pool: 'forks', testTimeout: 60_000, hookTimeout: 60_000 } as const;

/**
 * Three projects, one after the other: `unit` runs beside the code, from source, in shared threads; `front-door` drives the built
 * program through clients that others wrote, two files at a time because these clients are slow to start; `front-door-alone` is the
 * same for tests that want the machine for themselves. Their deadlines end what hangs; how fast something is, the benches say.
 */
export default defineConfig({
  test: {
    projects: [
      {
        resolve,
        ssr: { resolve },
        test: {
          name: 'unit',
          include: ['packages/**/*.test.ts', 'examples/**/*.test.ts', 'fuzz/**/*.test.ts'],
          pool: 'threads',
          isolate: false,
          testTimeout: 30_000,
          hookTimeout: 30_000,
          expect: { poll: { timeout: 10_000 } },
          sequence: { groupOrder: 0 },
        },
      },
      {
        resolve,
        ssr: { resolve },
        test: {
          ...frontDoor,
          name: 'front-door',
          include: ['tests/**/*.test.ts'],
          exclude: alone,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        resolve,
        ssr: { resolve },
        test: {
          ...frontDoor,
          name: 'front-door-alone',
          include: alone,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
