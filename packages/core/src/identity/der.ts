/**
 * A reader of DER, the byte encoding of X.509: elements as views into the certificate, nothing copied, nothing decoded before it
 * is asked for. It knows tags and lengths; what the elements mean is told in `certificate-facts.ts`.
 */

/** These bytes are not the certificate they claim to be. */
export class MalformedCertificate extends Error {
  override readonly name = 'MalformedCertificate';
}

/** One tag-length-value; `end` is the offset after it, in the same bytes. */
export interface Element {
  readonly tag: number;
  readonly start: number;
  readonly contentStart: number;
  readonly end: number;
}

export const Tag = {
  boolean: 0x01,
  integer: 0x02,
  octetString: 0x04,
  objectIdentifier: 0x06,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Constructed, context-specific: `[0]`, `[1]` … around another element. */
export const contextTag = (number: number): number => 0xa0 | number;
/** Primitive, context-specific. */
export const implicitTag = (number: number): number => 0x80 | number;

/**
 * Reads the element at `offset`, which must end at or before `limit`.
 * Long-form tags and indefinite lengths do not occur in certificates and are refused.
 */
export function readElement(der: Uint8Array, offset: number, limit: number): Element {
  if (offset + 2 > limit) throw new MalformedCertificate('certificate ends in the middle of an element');
  const tag = der[offset]!;
  if ((tag & 0x1f) === 0x1f) throw new MalformedCertificate(`tag at byte ${offset} has more than one byte`);
  const first = der[offset + 1]!;
  if (first < 0x80) return element(tag, offset, offset + 2, first, limit);
  const lengthBytes = first & 0x7f;
  if (lengthBytes === 0 || lengthBytes > 4 || offset + 2 + lengthBytes > limit)
    throw new MalformedCertificate(`length at byte ${offset + 1} is not one DER allows`);
  let length = 0;
  for (let index = 0; index < lengthBytes; index++) length = length * 256 + der[offset + 2 + index]!;
  return element(tag, offset, offset + 2 + lengthBytes, length, limit);
}

function element(tag: number, start: number, contentStart: number, length: number, limit: number): Element {
  const end = contentStart + length;
  if (end > limit) throw new MalformedCertificate(`element at byte ${start} is longer than what holds it`);
  return { tag, start, contentStart, end };
}

/** The elements inside a constructed one, in order. */
export function readChildren(der: Uint8Array, parent: Element): Element[] {
  const children: Element[] = [];
  for (let offset = parent.contentStart; offset < parent.end; ) {
    const child = readElement(der, offset, parent.end);
    children.push(child);
    offset = child.end;
  }
  return children;
}

export const contentOf = (der: Uint8Array, of: Element): Uint8Array => der.subarray(of.contentStart, of.end);

export function expectTag(found: Element | undefined, tag: number, what: string): Element {
  if (found?.tag !== tag) throw new MalformedCertificate(`${what} is missing or not what X.509 asks for`);
  return found;
}

/** `2.5.4.3` and the like. */
export function readObjectIdentifier(der: Uint8Array, of: Element): string {
  const arcs: number[] = [];
  let arc = 0;
  for (let offset = of.contentStart; offset < of.end; offset++) {
    const byte = der[offset]!;
    arc = arc * 128 + (byte & 0x7f);
    if (arc > Number.MAX_SAFE_INTEGER / 128) throw new MalformedCertificate('object identifier is too large');
    if (byte & 0x80) continue;
    if (arcs.length === 0) {
      const root = Math.min(Math.floor(arc / 40), 2);
      arcs.push(root, arc - root * 40);
    } else arcs.push(arc);
    arc = 0;
  }
  if (arcs.length === 0 || der[of.end - 1]! & 0x80) throw new MalformedCertificate('object identifier is cut short');
  return arcs.join('.');
}

/** An INTEGER, two's complement, as a decimal number of any size. */
export function readInteger(der: Uint8Array, of: Element): bigint {
  const bytes = contentOf(der, of);
  if (bytes.length === 0) throw new MalformedCertificate('an integer has no bytes');
  const magnitude = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  return bytes[0]! & 0x80 ? magnitude - (1n << BigInt(bytes.length * 8)) : magnitude;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Any of the string types a name may be written in (RFC 5280 §4.1.2.4 and the older ones still found), as text. */
export function readText(der: Uint8Array, of: Element): string {
  const bytes = contentOf(der, of);
  switch (of.tag) {
    case 0x0c: // UTF8String
      return decodeUtf8(bytes);
    case 0x12: // NumericString
    case 0x13: // PrintableString
    case 0x14: // TeletexString, in practice Latin-1
    case 0x16: // IA5String
    case 0x1a: // VisibleString
    case 0x1b: // GeneralString
      return Buffer.from(bytes).toString('latin1');
    case 0x1c: // UniversalString
      return decodeCodeUnits(bytes, 4);
    case 0x1e: // BMPString
      return decodeCodeUnits(bytes, 2);
    default:
      throw new MalformedCertificate(`a name holds a value of tag ${of.tag}, which is not a string`);
  }
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new MalformedCertificate('a name holds bytes that are not UTF-8');
  }
}

/** Big-endian UCS-2 (`BMPString`) or UCS-4 (`UniversalString`). */
function decodeCodeUnits(bytes: Uint8Array, width: 2 | 4): string {
  if (bytes.length % width !== 0) throw new MalformedCertificate('a name holds half a character');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let text = '';
  for (let offset = 0; offset < bytes.length; offset += width) {
    const code = width === 2 ? view.getUint16(offset) : view.getUint32(offset);
    if (code > 0x10ffff) throw new MalformedCertificate('a name holds a character beyond Unicode');
    text += width === 2 ? String.fromCharCode(code) : String.fromCodePoint(code);
  }
  return text;
}
