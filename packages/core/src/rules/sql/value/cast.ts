/** `CAST(value AS type)`, which converts more than the standard conversions do (AWS: "Functions", "cast"). */
import { jsonText, toBoolean, toNumber, toText } from './convert.ts';
import { type Arithmetic, compareNumbers, isNumeric, toDouble } from './numbers.ts';
import { isArray, isObject, type Value } from './value.ts';

export const castTypes = ['String', 'Int', 'Double', 'Decimal', 'Boolean'] as const;
export type CastType = (typeof castTypes)[number];

/** Type keywords in lower case. `Decimal`, `Bool` and `Boolean` came with 2016-03-23. */
export const castTypeNames: ReadonlyMap<string, CastType> = new Map([
  ['string', 'String'],
  ['nvarchar', 'String'],
  ['text', 'String'],
  ['ntext', 'String'],
  ['varchar', 'String'],
  ['int', 'Int'],
  ['integer', 'Int'],
  ['double', 'Double'],
  ['decimal', 'Decimal'],
  ['bool', 'Boolean'],
  ['boolean', 'Boolean'],
]);

export function cast(value: Value, type: CastType, arithmetic: Arithmetic): Value {
  switch (type) {
    case 'String':
      return isArray(value) || isObject(value) ? jsonText(value) : toText(value);
    case 'Boolean':
      return isNumeric(value) ? compareNumbers(value, 0) !== 0 : toBoolean(value);
    case 'Int': {
      const number = castNumber(value, arithmetic);
      return number === undefined ? undefined : arithmetic.round(number, 0, 'floor');
    }
    case 'Double': {
      const number = castNumber(value, arithmetic);
      return number === undefined ? undefined : arithmetic.fromDouble(toDouble(number));
    }
    case 'Decimal':
      return castNumber(value, arithmetic);
  }
}

const castNumber = (value: Value, arithmetic: Arithmetic) =>
  typeof value === 'boolean' ? Number(value) : toNumber(value, arithmetic);
