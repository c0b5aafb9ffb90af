/** Percent-encoding as RFC 3986 and AWS's signatures want it. */

/** Decodes `%XX`; undefined when the text is not well-formed UTF-8 in percent-encoding. A `+` stays a plus. */
export function percentDecode(text: string): string | undefined {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** Most names and values: the rest of the work is left out for them. */
const unreserved = /^[\w.~-]*$/;

/** Encodes everything but letters, digits and `-._~`. */
export const percentEncode = (text: string): string =>
  unreserved.test(text)
    ? text
    : encodeURIComponent(text).replace(
        /[!'()*]/g,
        character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
      );

/** The pairs of a raw query string, names and values still encoded, in their order. */
export function queryPairs(query: string): [name: string, value: string][] {
  if (query === '') return [];
  return query
    .split('&')
    .filter(pair => pair !== '')
    .map(pair => {
      const equals = pair.indexOf('=');
      return equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
    });
}

/** The query's decoded parameters; of a repeated one the first counts, one that cannot be decoded stays as it is. */
export function queryParameters(query: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const [name, value] of queryPairs(query)) {
    const key = percentDecode(name) ?? name;
    if (!parameters.has(key)) parameters.set(key, percentDecode(value) ?? value);
  }
  return parameters;
}
