/** Functions of the message it was and of the moment it came. */
import { describe, expect, test } from 'vitest';
import { evaluate } from '../fixtures.ts';
import '../index.ts';
import type { PublishedMessage } from '../message.ts';

const U = 'Undefined';

const message: Partial<PublishedMessage> = {
  topic: 'lab/7/temp',
  clientId: 'sensor-7',
  principal: 'ab12',
  sourceIp: '192.0.2.7',
  traceId: '7d444840-9dc0-11d1-b245-5ffdce74fad2',
  properties: {
    isUtf8: true,
    contentType: 'application/json',
    responseTopic: 'lab/reply',
    correlationData: Buffer.from([1, 2, 255]),
    userProperties: [
      ['a', '1'],
      ['b', '2'],
      ['a', '3'],
    ],
  },
};

describe('of a message over MQTT 5', () => {
  test.each([
    ['accountid()', '"123456789012"'],
    ['clientId()', '"sensor-7"'],
    ['principal()', '"ab12"'],
    ['sourceIp()', '"192.0.2.7"'],
    ['traceid()', '"7d444840-9dc0-11d1-b245-5ffdce74fad2"'],
    ['topic()', '"lab/7/temp"'],
    ['topic(1)', '"lab"'],
    ['topic(2.9)', '"7"'],
    ["topic('3')", '"temp"'],
    ['topic(0)', U],
    ['topic(4)', U],
    ['topic(-1)', U],
    ['timestamp()', '1700000000123'],
    ['newuuid()', '"0f8fad5b-d9cb-469f-a165-70867728950e"'],
    ['sql_version()', '"2016-03-23"'],
    ["get_mqtt_property('format_indicator')", '"UTF8_DATA"'],
    ["get_mqtt_property('content_type')", '"application/json"'],
    ["get_mqtt_property('response_topic')", '"lab/reply"'],
    ["get_mqtt_property('correlation_data')", '"AQL/"'],
    ["get_mqtt_property('Content_Type')", U],
    ["get_user_properties('a')", '["1","3"]'],
    ["get_user_properties('c')", U],
    ['get_user_properties()', '[{"a":"1"},{"b":"2"},{"a":"3"}]'],
  ])('%s', (expression, expected) => {
    expect(evaluate(expression, {}, { message })).toBe(expected);
  });
});

describe('of a message over HTTPS', () => {
  test.each([
    ['clientid()', '"n/a"'],
    ['principal()', U],
    ['sourceip()', U],
    ['traceid()', U],
    ["get_mqtt_property('format_indicator')", '"UNSPECIFIED_BYTES"'],
    ["get_mqtt_property('content_type')", U],
    ["get_mqtt_property('correlation_data')", U],
    ["get_user_properties('a')", U],
    ['get_user_properties()', '[]'],
  ])('%s', (expression, expected) => {
    expect(evaluate(expression)).toBe(expected);
  });
});

test('the prefix of Basic Ingest is no part of the topic', () => {
  const ingested = { message: { topic: '$aws/rules/my_rule/lab/7' } };
  expect(evaluate('topic()', {}, ingested)).toBe('"lab/7"');
  expect(evaluate('topic(1)', {}, ingested)).toBe('"lab"');
  expect(evaluate('topic()', {}, { message: { topic: '$aws/rules/my_rule' } })).toBe('""');
  expect(evaluate('topic()', {}, { message: { topic: '$aws/things/t/shadow/update' } })).toBe(
    '"$aws/things/t/shadow/update"',
  );
});

test('the version is the one the rule was made with', () => {
  expect(evaluate('sql_version()', {}, { version: '2015-10-08' })).toBe('"2015-10-08"');
  expect(evaluate('sql_version()', {}, { version: 'beta' })).toBe('"beta"');
});
