/** `thingd env`: what a shell needs so that AWS's tools speak to the thingd that runs here. */
import { join } from 'node:path';
import type { Installation } from './installation.ts';

/** Lines for `eval "$(thingd env)"`. */
export function exportLines({ directory, endpoints, credentials }: Installation): string[] {
  const variables: Record<string, string | undefined> = {
    AWS_ENDPOINT_URL: endpoints.http ?? endpoints.https,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_DEFAULT_REGION: credentials.region,
    AWS_REGION: credentials.region,
    // Over HTTPS alone AWS's tools must trust the root; otherwise their own trust stays as it is.
    AWS_CA_BUNDLE: endpoints.http === undefined ? join(directory, 'ca', 'root.pem') : undefined,
    THINGD_CA: join(directory, 'ca', 'root.pem'),
    THINGD_MQTTS_PORT: portOf(endpoints.mqtts),
    THINGD_HTTPS_PORT: portOf(endpoints.https),
  };
  // What is left of another account would win over, or go along with, the keys given here.
  const lines = ['unset AWS_PROFILE AWS_SESSION_TOKEN'];
  for (const [name, value] of Object.entries(variables)) {
    if (value !== undefined) lines.push(`export ${name}=${shellQuoted(value)}`);
  }
  return lines;
}

const portOf = (url: string | undefined): string | undefined => (url === undefined ? undefined : new URL(url).port);

/** As it is where a shell takes it so, else in single quotes. */
export const shellQuoted = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
