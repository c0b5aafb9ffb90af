/** The backend's settings, all from the environment. Where the IoT core is, AWS's own variables say (`AWS_ENDPOINT_URL` …). */
import { readFileSync } from 'node:fs';
import { developmentSignIn } from './sign-in/development.ts';
import { oidcSignIn } from './sign-in/oidc.ts';
import type { SignIn } from './sign-in/sign-in.ts';

export interface Configuration {
  readonly host: string;
  readonly port: number;
  readonly directory: string;
  /** 443 unless given. */
  readonly devicePort: number | undefined;
  readonly certificateAuthority: string | undefined;
  readonly signIn: { readonly issuer: string; readonly clientId: string } | 'development';
}

/** The user can mend it. */
export class ConfigurationError extends Error {}

/**
 * Runs a program to its start. What the user can mend is one line and exit code 2; anything else is thrown on, whole.
 */
export async function start(program: () => Promise<void>): Promise<void> {
  try {
    await program();
  } catch (error) {
    const { name, code, message } = error as Error & { code?: string };
    const mendable = error instanceof ConfigurationError || name === 'CredentialsProviderError';
    if (!mendable && code !== 'EADDRINUSE' && code !== 'ECONNREFUSED') throw error;
    console.error(message || `nothing answers at ${process.env.AWS_ENDPOINT_URL}`);
    process.exit(2);
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

export function configure(environment: Environment): Configuration {
  const host = environment.LIGHTS_HOST ?? '127.0.0.1';
  // `thingd env` tells the two that AWS has no variables for.
  const { LIGHTS_CA: caFile = environment.THINGD_CA, LIGHTS_DEVICE_PORT: devicePort = environment.THINGD_HTTPS_PORT } =
    environment;
  return {
    host,
    port: portOf('LIGHTS_PORT', environment.LIGHTS_PORT ?? '3000'),
    directory: environment.LIGHTS_DATA ?? 'lights-data',
    devicePort: devicePort === undefined ? undefined : portOf('LIGHTS_DEVICE_PORT', devicePort),
    certificateAuthority: caFile === undefined ? undefined : readFileSync(caFile, 'utf8'),
    signIn: signInOf(environment, host),
  };
}

export async function signInBy(configured: Configuration['signIn']): Promise<SignIn> {
  return configured === 'development' ? developmentSignIn : oidcSignIn(configured);
}

function portOf(name: string, text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new ConfigurationError(`\`${name}\` expects a port`);
  return port;
}

function signInOf(environment: Environment, host: string): Configuration['signIn'] {
  const { LIGHTS_OIDC_ISSUER: issuer, LIGHTS_OIDC_CLIENT_ID: clientId, LIGHTS_SIGN_IN: mode } = environment;
  if (mode === 'development') {
    if (issuer !== undefined)
      throw new ConfigurationError('`LIGHTS_SIGN_IN=development` and `LIGHTS_OIDC_ISSUER` exclude each other');
    if (!['127.0.0.1', '::1', 'localhost'].includes(host)) {
      throw new ConfigurationError(
        '`LIGHTS_SIGN_IN=development` lets anyone be anyone: `LIGHTS_HOST` must be this machine alone',
      );
    }
    return 'development';
  }
  if (mode !== undefined) throw new ConfigurationError('`LIGHTS_SIGN_IN` expects `development`, or nothing');
  if (!issuer || !clientId) {
    throw new ConfigurationError(
      'set `LIGHTS_OIDC_ISSUER` and `LIGHTS_OIDC_CLIENT_ID`, or `LIGHTS_SIGN_IN=development`',
    );
  }
  return { issuer, clientId };
}
