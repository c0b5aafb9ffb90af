/** Sign-in without an issuer: the token is the name. For one's own machine; whoever can reach the backend can be anyone. */
import type { SignIn } from './sign-in.ts';

export const developmentSignIn: SignIn = {
  announcement: { mode: 'development' },
  origins: [],
  async verify(token) {
    if (!/^[a-z0-9-]{1,32}$/.test(token)) return undefined;
    return { issuer: 'development', subject: token, expiresAt: Number.POSITIVE_INFINITY };
  },
};
