/** Which members of a sink's definition are secret, and how they are shown. */

const hidden = '***';

/** A text that `withoutSecrets` has written, so that it is not taken for the secret when it comes back. */
export const isHidden = (text: string): boolean => text === hidden || text.endsWith(`/${hidden}`);

type Given = Readonly<Record<string, unknown>>;

/**
 * The definition as it may be shown: passwords and private keys hidden, also the values of a webhook's headers and its URL but
 * for the origin, as chat services put their key into the path. What names a file or a variable is no secret.
 */
export function withoutSecrets(definition: Given): Given {
  return Object.fromEntries(Object.entries(definition).map(([name, value]) => [name, shown(name, value)]));
}

/** Whether somebody who reads the definition learns a secret. */
export const holdsSecrets = (definition: Given): boolean =>
  JSON.stringify(withoutSecrets(definition)) !== JSON.stringify(definition);

function shown(name: string, value: unknown): unknown {
  switch (name) {
    case 'password':
      return typeof value === 'string' ? hidden : value;
    case 'key':
      return isPem(value) ? hidden : value;
    case 'headers':
      return Object.fromEntries(Object.keys(value ?? {}).map(header => [header, hidden]));
    case 'url':
      return typeof value === 'string' && /^https?:/.test(value) ? `${originOf(value)}/${hidden}` : value;
    default:
      return value;
  }
}

const isPem = (value: unknown): boolean => typeof value === 'string' && value.startsWith('-----BEGIN ');

const originOf = (url: string): string => (URL.canParse(url) ? new URL(url).origin : '');
