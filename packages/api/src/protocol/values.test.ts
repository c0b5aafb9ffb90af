import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { services } from './dispatch.ts';
import { RequestError } from './errors.ts';
import { readInput } from './input.ts';
import type { HttpRequest } from './message.ts';
import type { ServiceModel, ServiceName, Shape } from './model.ts';
import { writeOutput } from './output.ts';
import { fromJson, fromText, shapeOf, toJson } from './values.ts';

const request = (parts: Partial<HttpRequest>): HttpRequest => ({
  method: 'POST',
  path: '/',
  query: '',
  headers: {},
  body: Buffer.alloc(0),
  secure: false,
  ...parts,
});

const read = (service: ServiceName, name: string, labels: string[], parts: Partial<HttpRequest> = {}): unknown =>
  readInput(services[service], services[service].operations[name]!, labels, request(parts));

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

describe('an input is gathered from the whole request', () => {
  test('labels are decoded and bound by position', () => {
    expect(read('iot', 'DescribeCACertificate', ['abc'])).toEqual({ certificateId: 'abc' });
    expect(read('iot', 'DeleteJobExecution', ['my%3Athing', 'j', '3'])).toEqual({
      thingName: 'my:thing',
      jobId: 'j',
      executionNumber: 3,
    });
    expect(() => read('iot', 'DescribeThing', ['%ff'])).toThrow(RequestError);
  });

  test('query parameters become numbers, booleans and dates', () => {
    expect(
      read('iot', 'ListThings', [], { query: 'maxResults=5&usePrefixAttributeValue=true&nextToken=a%2Bb' }),
    ).toEqual({
      maxResults: 5,
      usePrefixAttributeValue: true,
      nextToken: 'a+b',
    });
    expect(read('iot', 'ListAuditTasks', [], { query: 'startTime=2026-01-02T03:04:05Z' })).toEqual({
      startTime: new Date('2026-01-02T03:04:05Z'),
    });
    expect(() => read('iot', 'ListThings', [], { query: 'maxResults=many' })).toThrow(
      'STRING_VALUE cannot be converted to Integer',
    );
    expect(() => read('iot', 'ListThings', [], { query: 'usePrefixAttributeValue=yes' })).toThrow(RequestError);
  });

  test('headers, and JSON in a header', () => {
    expect(read('iot', 'AttachThingPrincipal', ['t'], { headers: { 'x-amzn-principal': 'arn' } })).toEqual({
      thingName: 't',
      principal: 'arn',
    });
    const userProperties = Buffer.from('[{"a":"b"}]').toString('base64');
    expect(
      read('iotdata', 'Publish', ['a%2Fb'], { headers: { 'x-amz-mqtt5-user-properties': userProperties } }),
    ).toEqual({ topic: 'a/b', userProperties: [{ a: 'b' }] });
    expect(() => read('iotdata', 'Publish', ['a'], { headers: { 'x-amz-mqtt5-user-properties': 'e' } })).toThrow(
      'not base64 of JSON',
    );
  });

  test('a payload is the body as it is', () => {
    const body = Buffer.from([0, 255, 1]);
    expect(read('iotdata', 'Publish', ['a'], { body })).toEqual({ topic: 'a', payload: body });
    expect(read('iot', 'CreateTopicRule', ['r'], { body: json({ sql: 's', actions: [] }) })).toEqual({
      ruleName: 'r',
      topicRulePayload: { sql: 's', actions: [] },
    });
  });

  test('the body cannot set what the path, the query or a header says', () => {
    expect(read('iot', 'CreateThing', ['lamp'], { body: json({ thingName: 'other', thingTypeName: 't' }) })).toEqual({
      thingName: 'lamp',
      thingTypeName: 't',
    });
  });

  test('what the model does not name is ignored, null is absent, and __proto__ is only a key', () => {
    const body = Buffer.from(
      '{"unknown":1,"thingTypeName":null,"attributePayload":{"attributes":{"__proto__":"x","a":null}}}',
    );
    const input = read('iot', 'CreateThing', ['lamp'], { body }) as { attributePayload: { attributes: object } };
    expect(Object.keys(input)).toEqual(['attributePayload', 'thingName']);
    expect(Object.entries(input.attributePayload.attributes)).toEqual([['__proto__', 'x']]);
    expect(Object.getPrototypeOf(input.attributePayload.attributes)).toBe(Object.prototype);
  });

  test.each([
    ['{', 'not well-formed JSON'],
    ['[]', 'START_ARRAY cannot be converted to structure'],
    ['"text"', 'STRING_VALUE cannot be converted to structure'],
    ['{"thingTypeName":1}', 'NUMBER_VALUE cannot be converted to String'],
    ['{"thingTypeName":true}', 'TRUE_VALUE cannot be converted to String'],
    ['{"attributePayload":{"attributes":[]}}', 'START_ARRAY cannot be converted to map'],
    ['{"attributePayload":{"merge":"yes"}}', 'STRING_VALUE cannot be converted to Boolean'],
  ])('%s is a SerializationException', (body, message) => {
    const attempt = () => read('iot', 'CreateThing', ['lamp'], { body: Buffer.from(body) });
    expect(attempt).toThrow(message);
    expect(attempt).toThrow(expect.objectContaining({ name: 'SerializationException' }));
  });
});

describe('an output becomes a response', () => {
  const write = (service: ServiceName, name: string, output?: Record<string, unknown>) =>
    writeOutput(services[service], services[service].operations[name]!, output, 'request-1');

  test('dates are epoch seconds with milliseconds as their fraction', () => {
    const { body } = write('iot', 'DescribeThingType', {
      thingTypeMetadata: { creationDate: new Date(1_700_000_000_123) },
    });
    expect(body.toString()).toBe('{"thingTypeMetadata":{"creationDate":1700000000.123}}');
  });

  test('members the model does not know stay inside', () => {
    expect(write('iot', 'CreateThing', { thingName: 'a', secret: 1 }).body.toString()).toBe('{"thingName":"a"}');
  });

  test('nothing is an empty body, on the data plane a receipt', () => {
    expect(write('iot', 'AttachPolicy').body).toHaveLength(0);
    expect(write('iotdata', 'Publish').body.toString()).toBe('{"message":"OK","traceId":"request-1"}');
    expect(write('iot', 'DeleteThing').body.toString()).toBe('{}');
  });

  test('a payload is the body, a status the status', () => {
    expect(write('iotdata', 'GetThingShadow', { payload: Buffer.from('{"state":{}}') }).body.toString()).toBe(
      '{"state":{}}',
    );
    expect(write('iot', 'DeleteCommand', { statusCode: 202 })).toMatchObject({ status: 202 });
    expect(write('iot', 'DeleteCommand', { statusCode: 204 })).toMatchObject({ status: 204, body: Buffer.alloc(0) });
  });
});

test('what is written is read back the same, whatever the shape', () => {
  const arbitraryOf = (model: ServiceModel, shape: Shape): fc.Arbitrary<unknown> => {
    switch (shape.type) {
      case 'structure':
        return fc.record(
          Object.fromEntries(
            Object.entries(shape.members)
              .filter(([, member]) => typeof member === 'string')
              .map(([name, member]) => [name, arbitraryOf(model, shapeOf(model, member))]),
          ),
          { requiredKeys: [], noNullPrototype: true },
        );
      case 'list':
        return fc.array(arbitraryOf(model, shapeOf(model, shape.member)), { maxLength: 3 });
      case 'map':
        return fc.dictionary(fc.string(), arbitraryOf(model, shapeOf(model, shape.value)), {
          maxKeys: 3,
          noNullPrototype: true,
        });
      case 'string':
        return fc.string({ unit: 'grapheme' });
      case 'integer':
      case 'long':
        return fc.maxSafeInteger();
      case 'double':
        return fc.double({ noNaN: true, noDefaultInfinity: true }).map(value => value + 0 || 0);
      case 'boolean':
        return fc.boolean();
      case 'timestamp':
        return fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true });
      case 'blob':
        return fc.uint8Array().map(bytes => Buffer.from(bytes));
    }
  };
  const model = services.iot;
  for (const name of [
    'CreateThingRequest',
    'TopicRulePayload',
    'DescribeThingTypeResponse',
    'Job',
    'CreateCommandRequest',
  ]) {
    const shape = model.shapes[name]!;
    fc.assert(
      fc.property(arbitraryOf(model, shape), value => {
        const text = JSON.stringify(toJson(model, shape, value));
        expect(fromJson(model, shape, JSON.parse(text))).toEqual(value);
      }),
      { numRuns: 30 },
    );
  }
});

test('a date in text is a date or an error, never an invalid date', () => {
  fc.assert(
    fc.property(fc.string(), text => {
      try {
        expect(Number.isNaN((fromText({ type: 'timestamp' }, text) as Date).getTime())).toBe(false);
      } catch (error) {
        expect(error).toBeInstanceOf(RequestError);
      }
    }),
  );
});
