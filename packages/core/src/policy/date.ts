/** Dates as conditions write them: ISO 8601, `2027-01-31`, `2027-01-31T12:00:00Z`, or seconds since the epoch. */

const DIGITS = '0123456789';
const DATE_SHAPE = 'dddd-dd-dd';
const TIME_SHAPE = 'Tdd:dd:dd';

/** Milliseconds since the epoch, or undefined if the text is no date. A time without zone is UTC. */
export function parseDate(text: string): number | undefined {
  if (text === '') return undefined;
  const unsigned = text.startsWith('-') ? text.slice(1) : text;
  if (unsigned !== '' && isDigits(unsigned)) {
    // Four digits are a year, as in the W3C's profile of ISO 8601; as seconds they would lie in 1970.
    return text.length === 4 ? finite(Date.parse(`${text}-01-01`)) : finite(Number(text) * 1000);
  }
  if (text.length === 7 && hasShape(text, DATE_SHAPE.slice(0, 7))) return finite(Date.parse(`${text}-01`));
  if (!hasShape(text.slice(0, 10), DATE_SHAPE)) return undefined;
  if (text.length === 10) return finite(Date.parse(text));
  if (!hasShape(text.slice(10, 19), TIME_SHAPE)) return undefined;
  const zone = zoneOf(text.slice(19));
  return zone === undefined ? undefined : finite(Date.parse(text.slice(0, text.length - zone.length) + (zone || 'Z')));
}

const isDigits = (text: string): boolean => hasShape(text, 'd'.repeat(text.length));

function hasShape(text: string, shape: string): boolean {
  if (text.length !== shape.length) return false;
  for (let at = 0; at < shape.length; at++) {
    const wanted = shape[at]!;
    if (wanted === 'd' ? !DIGITS.includes(text[at]!) : text[at] !== wanted) return false;
  }
  return true;
}

/** What stands after the seconds and their fraction: `Z`, `+01:00`, `-01:00` or nothing; undefined if it is something else. */
function zoneOf(rest: string): string | undefined {
  let at = 0;
  if (rest[0] === '.')
    do at++;
    while (isDigits(rest[at] ?? ' '));
  const zone = rest.slice(at);
  return zone === '' || zone === 'Z' || hasShape(zone, '+dd:dd') || hasShape(zone, '-dd:dd') ? zone : undefined;
}

const finite = (time: number): number | undefined => (Number.isFinite(time) ? time : undefined);
