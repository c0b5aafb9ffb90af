import { describe, expect, test } from 'vitest';
import { patternOf, validationMessage } from './constraints.ts';
import { services } from './dispatch.ts';
import type { ServiceModel } from './model.ts';

const check = (shape: string, input: object): string | undefined => validationMessage(services.iot, shape, input);

describe('broken constraints are told in the words of AWS', () => {
  test('a pattern', () => {
    expect(check('CreateThingRequest', { thingName: 'my thing' })).toBe(
      "1 validation error detected: Value 'my thing' at 'thingName' failed to satisfy constraint: " +
        'Member must satisfy regular expression pattern: [a-zA-Z0-9:_-]+',
    );
  });

  test('a pattern comes before a length', () => {
    expect(check('CreateThingRequest', { thingName: '!'.repeat(129) })).toBe(
      `2 validation errors detected: Value '${'!'.repeat(129)}' at 'thingName' failed to satisfy constraint: ` +
        'Member must satisfy regular expression pattern: [a-zA-Z0-9:_-]+; ' +
        `Value '${'!'.repeat(129)}' at 'thingName' failed to satisfy constraint: ` +
        'Member must have length less than or equal to 128',
    );
  });

  test('a missing member', () => {
    expect(check('AttachPolicyRequest', { policyName: 'p' })).toBe(
      "1 validation error detected: Value null at 'target' failed to satisfy constraint: Member must not be null",
    );
  });

  test('an enumeration', () => {
    expect(check('UpdateCertificateRequest', { certificateId: 'a'.repeat(64), newStatus: 'ON' })).toMatch(
      /^1 validation error detected: Value 'ON' at 'newStatus' failed to satisfy constraint: Member must satisfy enum value set: \[ACTIVE, INACTIVE, /,
    );
  });

  test('a range', () => {
    expect(check('ListThingsRequest', { maxResults: 251 })).toBe(
      "1 validation error detected: Value '251' at 'maxResults' failed to satisfy constraint: " +
        'Member must have value less than or equal to 250',
    );
    expect(check('ListThingsRequest', { maxResults: 0 })).toContain(
      'Member must have value greater than or equal to 1',
    );
  });

  test('a member of a list, counted from one', () => {
    expect(check('CreateThingTypeRequest', { thingTypeName: 't', tags: [{ Key: 'a' }, { Key: '' }] })).toBe(
      "1 validation error detected: Value '' at 'tags.2.member.Key' failed to satisfy constraint: " +
        'Member must have length greater than or equal to 1',
    );
  });

  test('keys and values of a map, as observed on the service', () => {
    const attributes = { '"state"': '{"a":1}' };
    expect(check('UpdateThingRequest', { thingName: 't', attributePayload: { attributes } })).toBe(
      `2 validation errors detected: Value '{"state"={"a":1}}' at 'attributePayload.attributes' failed to satisfy constraint: ` +
        'Map keys must satisfy constraint: [Member must have length less than or equal to 128, ' +
        'Member must satisfy regular expression pattern: [a-zA-Z0-9_.,@/:#-]+]; ' +
        `Value '{"state"={"a":1}}' at 'attributePayload.attributes' failed to satisfy constraint: ` +
        'Map value must satisfy constraint: [Member must have length less than or equal to 800, ' +
        'Member must satisfy regular expression pattern: [a-zA-Z0-9_.,@/:#=\\[\\]-]*]',
    );
  });

  test('a document is not repeated whole', () => {
    const message = check('CreateThingRequest', { thingName: '!'.repeat(100_000) });
    expect(message!.length).toBeLessThan(2000);
  });
});

test('lengths count characters, not code units', () => {
  const model: ServiceModel = {
    ...services.iot,
    shapes: { S: { type: 'structure', members: { a: 'A' } }, A: { type: 'string', max: 2 } },
  };
  expect(validationMessage(model, 'S', { a: '💡💡' })).toBeUndefined();
  expect(validationMessage(model, 'S', { a: '💡💡💡' })).toContain('less than or equal to 2');
});

describe('patterns are read as Java reads them', () => {
  const patterns = Object.values(services).flatMap(model =>
    Object.values(model.shapes).flatMap(shape => (shape.type === 'string' && shape.pattern ? [shape.pattern] : [])),
  );

  test('every pattern of the models compiles', () => {
    expect(patterns.length).toBeGreaterThan(100);
    for (const pattern of patterns) expect(() => patternOf(pattern)).not.toThrow();
  });

  test.each([
    ['[a-zA-Z0-9:_-]+', 'lamp:1', true],
    ['[a-zA-Z0-9:_-]+', 'lamp:1\n', false],
    ['[a-zA-Z0-9:_-]+', 'a b', false],
    ['[a-zA-Z0-9_-]+|^\\$next', '$next', true],
    ['[\\p{Graph}\\x20]*', 'a description', true],
    ['[\\p{Graph}\\x20]*', 'überschrift', false],
    ['[\\p{Upper}\\p{Digit}_]+', 'A_1', true],
    ['[\\p{Upper}\\p{Digit}_]+', 'a', false],
    ['[^\\p{C}]+', 'grün', true],
    ['[^\\p{C}]+', 'a\u0000', false],
    ['[^\\p{Cntrl}]*', 'a\tb', false],
    ['^[^_\\"][^\\"]+$', 'name', true],
    ['^[^_\\"][^\\"]+$', '"name', false],
  ])('%s on %j is %s', (pattern, text, matches) => {
    expect(patternOf(pattern).test(text)).toBe(matches);
  });
});
