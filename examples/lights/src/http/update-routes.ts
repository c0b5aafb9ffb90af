/** Live updates of one's lights as server-sent events, for as long as the token is valid. *HTML Living Standard, 9.2* */
import type { FastifyInstance } from 'fastify';
import type { Store } from '../lights/store.ts';
import type { LastKnown } from '../live/last-known.ts';

/** Proxies close what is silent for a minute. */
const heartbeat = 25_000;
/** Bytes. */
const mostUnread = 256 * 1024;
const longestTimer = 2 ** 31 - 1;

export async function updateRoutes(
  app: FastifyInstance,
  { store, lastKnown }: { store: Store; lastKnown: LastKnown },
): Promise<void> {
  const open = new Set<() => void>();

  app.get(
    '/updates',
    {
      schema: {
        tags: ['lights'],
        operationId: 'watchLights',
        summary: 'Watch your lights: a `light` event tells what changed of one, `{"id", …}` with what changed alone.',
        response: {
          200: { description: 'Events.', content: { 'text/event-stream': { schema: { type: 'string' } } } },
        },
      },
    },
    (request, reply) => {
      const { ownerId, expiresAt } = request.caller;
      reply.hijack();
      const { raw } = reply;
      raw.writeHead(200, {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      });
      raw.write(': watching\n\n');
      const stop = lastKnown.onUpdate(update => {
        if (store.light(update.id)?.ownerId !== ownerId) return;
        raw.write(`event: light\ndata: ${JSON.stringify(update)}\n\n`);
        // Who does not read begins anew; the list they then fetch is shorter than what they missed.
        if (raw.writableLength > mostUnread) raw.destroy();
      });
      const beat = setInterval(() => raw.write(': still here\n\n'), heartbeat);
      const end = () => raw.end();
      const expiry = setTimeout(end, Math.min(expiresAt - Date.now(), longestTimer));
      open.add(end);
      raw.on('close', () => {
        stop();
        clearInterval(beat);
        clearTimeout(expiry);
        open.delete(end);
      });
    },
  );

  app.addHook('preClose', async () => {
    for (const end of open) end();
  });
}
