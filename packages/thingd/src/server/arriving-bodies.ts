/** A bound on what bodies of HTTP requests hold in memory together while they arrive: until they are here, nobody knows who sends them. */
import type { preParsingHookHandler } from 'fastify';

/** Answered with status 503; the connection is closed behind it. */
class TooManyArriving extends Error {
  readonly statusCode = 503;
}

/** A hook for every route of a server; `maxBytes` is for all its connections together. */
export function boundArrivingBodies(maxBytes: number): preParsingHookHandler {
  let arriving = 0;
  return (_request, reply, payload, done) => {
    let size = 0;
    const count = (chunk: Buffer): void => {
      // What nobody reads, a GET's or what is left of a body that is too large, is not kept.
      if (payload.listenerCount('error') === 0) return forget();
      size += chunk.length;
      arriving += chunk.length;
      if (arriving <= maxBytes) return;
      forget();
      reply.header('connection', 'close');
      // Whoever reads the body has it end with an error, as when its sender is gone.
      payload.emit('error', new TooManyArriving('too much is arriving at once'));
    };
    const forget = (): void => {
      arriving -= size;
      size = 0;
      payload.off('data', count);
    };
    payload.on('data', count).once('close', forget);
    done(null, payload);
  };
}
