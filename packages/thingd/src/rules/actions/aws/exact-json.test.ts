import fc from 'fast-check';
import { expect, test } from 'vitest';
import { attributeValue, jsonOfAttribute } from './attribute-value.ts';
import { elementsOf, parseExactly } from './exact-json.ts';
import { uuidOf } from './uuid.ts';

test('what was parsed is written again letter for letter', () => {
  for (const text of ['[1.0,1E3,12345678901234567890.123,-0]', '{"a":{"b":[null,true,"x"]}}', '0.10', '"1"']) {
    expect(JSON.stringify(parseExactly(text))).toBe(text);
  }
});

test('any JSON is the same after it', () => {
  const value = fc.jsonValue().map(made => JSON.stringify(made));
  fc.assert(fc.property(value, text => JSON.stringify(parseExactly(text)) === JSON.stringify(JSON.parse(text))));
});

test('the elements of an array are JSON each; what is no array has none', () => {
  expect(elementsOf(Buffer.from('[{"a":1.0},[2],"x",null]'))).toEqual(['{"a":1.0}', '[2]', '"x"', 'null']);
  expect(elementsOf(Buffer.from('[]'))).toEqual([]);
  expect(elementsOf(Buffer.from('{"length":1}'))).toBeUndefined();
});

test('every kind of JSON has its attribute in DynamoDB, with the digits it was written with', () => {
  const text = '{"s":"x","n":12345678901234567890.10,"b":false,"z":null,"l":[1,[]],"m":{"":{}}}';
  expect(attributeValue(parseExactly(text))).toEqual({
    M: {
      s: { S: 'x' },
      n: { N: '12345678901234567890.10' },
      b: { BOOL: false },
      z: { NULL: true },
      l: { L: [{ N: '1' }, { L: [] }] },
      m: { M: { '': { M: {} } } },
    },
  });
});

test('JSON made of attributes is the JSON they were made of', () => {
  const value = fc.jsonValue().map(made => JSON.stringify(made));
  fc.assert(
    fc.property(value, text => {
      expect(JSON.stringify(jsonOfAttribute(attributeValue(parseExactly(text))))).toBe(text);
    }),
  );
});

test('sets become lists, and binary attributes base64', () => {
  const sets = { SS: ['a'], NS: ['1.50'], BS: [new Uint8Array([255])], B: new Uint8Array([1, 2]) };
  const json = Object.entries(sets).map(([kind, set]) => jsonOfAttribute({ [kind]: set } as never));
  expect(JSON.stringify(json)).toBe('[["a"],[1.50],["/w=="],"AQI="]');
});

test('a UUID made of a text is always that one, and of another text another', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (one, other) => {
      expect(uuidOf(one)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(uuidOf(one) === uuidOf(other)).toBe(one === other);
    }),
  );
});
