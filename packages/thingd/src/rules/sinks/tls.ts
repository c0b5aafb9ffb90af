/** The TLS side of a sink's definition: whom it trusts, and as whom it comes. Certificates are always verified. */
import type { Definition, Late } from './definition.ts';
import { invalid } from './sink.ts';

export interface TlsMaterial {
  /** PEM of the authorities to trust; without it those that Node trusts. */
  readonly ca: Late | undefined;
  readonly cert: Late | undefined;
  readonly key: Late | undefined;
}

export function tlsMaterial(definition: Definition): TlsMaterial {
  const [ca, cert, key] = ['ca', 'cert', 'key'].map(name => definition.pem(name));
  if ((cert === undefined) !== (key === undefined)) throw invalid('`cert` and `key` expect each other');
  return { ca, cert, key };
}

/** For `tls.connect`; read at each connection. Throws a transient `ActionFailure` for a file that cannot be read. */
export const tlsOptions = ({ ca, cert, key }: TlsMaterial) => ({
  rejectUnauthorized: true,
  ...(ca && { ca: ca() }),
  ...(cert && { cert: cert() }),
  ...(key && { key: key() }),
});
