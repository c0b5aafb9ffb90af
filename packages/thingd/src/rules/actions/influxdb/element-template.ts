/** `@{field}`: a field of each element of what SELECT made, in a parameter (AWS: "Per-element templates for array payloads"). */
import { type ExactJson, isNumberText, isObject } from '../aws/exact-json.ts';

type Element = { readonly [key: string]: ExactJson };

const marker = /@\{([^}]*)\}/;
const path = /^\s*[A-Za-z_]\w*(\.[A-Za-z_]\w*)*\s*$/;

/** Why a parameter's text is no template of an element, if it is none; undefined where it has no marker or one that holds. */
export function elementTemplateFault(text: string): string | undefined {
  const [first, ...more] = [...text.matchAll(new RegExp(marker, 'g'))];
  if (first === undefined) return undefined;
  if (more.length > 0) return `\`${text}\` has more than one \`@{…}\``;
  if (text.includes('${')) return `\`${text}\` has both \`@{…}\` and \`\${…}\``;
  return path.test(first[1]!) ? undefined : `\`@{${first[1]}}\` is no field; there are no expressions in \`@{…}\``;
}

/** The field that a text refers to as a whole; undefined for one within another, and where there is none. */
export const elementField = (text: string): string | undefined => {
  const name = marker.exec(text)?.[1]?.trim();
  return name === undefined || name.includes('.') ? undefined : name;
};

/** The text with what the element has there; nothing for what it has not. */
export function elementText(text: string, element: Element): string {
  return text.replace(marker, (_, names: string) => {
    let value: ExactJson | undefined = element;
    for (const name of names.trim().split('.'))
      value = value !== undefined && isObject(value) ? value[name] : undefined;
    if (value === undefined || value === null) return '';
    if (typeof value === 'string') return value;
    return isNumberText(value) ? value.rawJSON : JSON.stringify(value);
  });
}
