import { defineConfig } from 'vitest/config';

const resolve = { conditions: ['@thingd/source', 'node'] };

/**
 * Two projects: `unit` runs beside the code, from source, in shared threads; `front-door` drives the built program
 * through clients that others wrote, one file at a time because each starts real servers.
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
        },
      },
      {
        resolve,
        ssr: { resolve },
        test: {
          name: 'front-door',
          include: ['tests/**/*.test.ts'],
          pool: 'forks',
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
