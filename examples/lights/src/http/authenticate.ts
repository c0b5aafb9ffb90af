/** Turns a bearer token into the owner it stands for. *RFC 6750* */
import type { FastifyRequest } from 'fastify';
import { Problem } from '../lights/problem.ts';
import type { Store } from '../lights/store.ts';
import type { SignIn } from '../sign-in/sign-in.ts';

export interface Caller {
  readonly ownerId: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller;
  }
}

/** A hook for routes that are about someone's lights. Rejects with `not-signed-in`. */
export const authenticate =
  (signIn: SignIn, store: Store) =>
  async (request: FastifyRequest): Promise<void> => {
    const token = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    const person = token === undefined ? undefined : await signIn.verify(token);
    if (!person)
      throw new Problem('not-signed-in', 'send `Authorization: Bearer <ID token>` with a token that is valid now');
    request.caller = { ownerId: store.ownerId(person.issuer, person.subject), expiresAt: person.expiresAt };
  };
