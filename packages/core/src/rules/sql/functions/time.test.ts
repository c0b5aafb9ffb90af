/** Times to text by Joda's letters, and back by the JDK's; the rows of the latter are what a Java 17 answered. */
import { describe, expect, test } from 'vitest';
import '../index.ts';
import { evaluate } from '../fixtures.ts';

const U = 'Undefined';

/** Text, pattern, milliseconds since the epoch. */
const parsed: readonly [string, string, number | undefined][] = [
  ['05 March 2021', 'dd MMMM yyyy', 1614902400000],
  ['2021-03-05', 'yyyy-MM-dd', 1614902400000],
  ['20210305', 'yyyyMMdd', 1614902400000],
  ['20210305123456', 'yyyyMMddHHmmss', 1614947696000],
  ['20210305123456789', 'yyyyMMddHHmmssSSS', 1614947696789],
  ['2021-03-05T12:34:56Z', "yyyy-MM-dd'T'HH:mm:ssX", 1614947696000],
  ['2021-03-05T12:34:56+09', "yyyy-MM-dd'T'HH:mm:ssX", 1614915296000],
  ['2021-03-05T12:34:56+0900', "yyyy-MM-dd'T'HH:mm:ssX", 1614915296000],
  ['2021-03-05T12:34:56+09:00', "yyyy-MM-dd'T'HH:mm:ssX", undefined],
  ['2021-03-05T12:34:56+09:00', "yyyy-MM-dd'T'HH:mm:ssXXX", 1614915296000],
  ['2021-03-05T12:34:56Z', "yyyy-MM-dd'T'HH:mm:ssXXX", 1614947696000],
  ['2021-03-05T12:34:56+00:00', "yyyy-MM-dd'T'HH:mm:ssxxx", 1614947696000],
  ['2021-03-05T12:34:56Z', "yyyy-MM-dd'T'HH:mm:ssxxx", undefined],
  ['2021-03-05T12:34:56+0900', "yyyy-MM-dd'T'HH:mm:ssZ", 1614915296000],
  ['2021-03-05T12:34:56+09:00', "yyyy-MM-dd'T'HH:mm:ssZ", undefined],
  ['2021-03-05T12:34:56 GMT+09:00', "yyyy-MM-dd'T'HH:mm:ss ZZZZ", 1614915296000],
  ['2021-03-05T12:34:56+09:00', "yyyy-MM-dd'T'HH:mm:ssZZZZZ", 1614915296000],
  ['2021-03-05T12:34:56 GMT+9', "yyyy-MM-dd'T'HH:mm:ss O", 1614915296000],
  ['2021-03-05 12:34 America/New_York', 'yyyy-MM-dd HH:mm VV', 1614965640000],
  ['2021-07-05 12:34 America/New_York', 'yyyy-MM-dd HH:mm VV', 1625502840000],
  ['2021-03-05 12:34 EST', 'yyyy-MM-dd HH:mm z', 1614965640000],
  ['2021-07-05 12:34 PDT', 'yyyy-MM-dd HH:mm z', 1625513640000],
  ['2021-03-05 12:34 UTC', 'yyyy-MM-dd HH:mm z', 1614947640000],
  ['2021-03-05 12:34 JST', 'yyyy-MM-dd HH:mm z', 1614915240000],
  ['2021-03-05 1:05 PM', 'yyyy-MM-dd h:mm a', 1614949500000],
  ['2021-03-05 12:05 AM', 'yyyy-MM-dd h:mm a', 1614902700000],
  ['2021-03-05 01:05 pm', 'yyyy-MM-dd hh:mm a', undefined],
  ['2021-03-05 0:05 PM', 'yyyy-MM-dd K:mm a', 1614945900000],
  ['2021-03-05 24:05', 'yyyy-MM-dd k:mm', 1614902700000],
  ['2021-03-05 24:00', 'yyyy-MM-dd HH:mm', 1614988800000],
  ['2021-03-05 24:01', 'yyyy-MM-dd HH:mm', undefined],
  ['2021-03-05 25:00', 'yyyy-MM-dd HH:mm', undefined],
  ['2021-03-05 12', 'yyyy-MM-dd HH', 1614945600000],
  ['2021-02-31', 'yyyy-MM-dd', 1614470400000],
  ['2021-04-31', 'yyyy-MM-dd', 1619740800000],
  ['2021-04-32', 'yyyy-MM-dd', undefined],
  ['2021-13-01', 'yyyy-MM-dd', undefined],
  ['2021-00-01', 'yyyy-MM-dd', undefined],
  ['21-03-05', 'yy-MM-dd', 1614902400000],
  ['99-03-05', 'yy-MM-dd', 4076352000000],
  ['2021-3-5', 'yyyy-M-d', 1614902400000],
  ['2021-03-05', 'yyyy-M-d', 1614902400000],
  ['2021-3-5', 'yyyy-MM-dd', undefined],
  ['2021-064', 'yyyy-DDD', 1614902400000],
  ['2021-366', 'yyyy-DDD', undefined],
  ['2020-366', 'yyyy-DDD', 1609372800000],
  ['202164', 'yyyyD', undefined],
  ['Fri, 05 Mar 2021', 'EEE, dd MMM yyyy', 1614902400000],
  ['Thu, 05 Mar 2021', 'EEE, dd MMM yyyy', undefined],
  ['Friday 5 March 2021', 'EEEE d MMMM yyyy', 1614902400000],
  ['5 mar 2021', 'd MMM yyyy', undefined],
  ['5 Sept 2021', 'd MMM yyyy', undefined],
  ['5 Sep 2021', 'd MMM yyyy', 1630800000000],
  ['5 May 2021', 'd MMMM yyyy', 1620172800000],
  ['5 May 2021', 'd MMM yyyy', 1620172800000],
  ['2021 AD 03 05', 'yyyy G MM dd', 1614902400000],
  ['0044 BC 03 15', 'yyyy G MM dd', -63517824000000],
  ['-0044-03-15', 'uuuu-MM-dd', -63549360000000],
  ['0000-03-15', 'uuuu-MM-dd', -62160825600000],
  ['0000-03-15', 'yyyy-MM-dd', undefined],
  ['12021-03-05', 'yyyy-MM-dd', undefined],
  ['+12021-03-05', 'yyyy-MM-dd', 317184422400000],
  ['021-03-05', 'yyyy-MM-dd', undefined],
  ['2021-03-05 12:34:56.7', 'yyyy-MM-dd HH:mm:ss.S', 1614947696700],
  ['2021-03-05 12:34:56.123456789', 'yyyy-MM-dd HH:mm:ss.SSSSSSSSS', 1614947696123],
  ['2021-03-05 12:34:56.12', 'yyyy-MM-dd HH:mm:ss.SSS', undefined],
  ['2021-03-05 12:34:56.5', 'yyyy-MM-dd HH:mm:ss[.S]', 1614947696500],
  ['2021-03-05 12:34:56', 'yyyy-MM-dd HH:mm:ss[.S]', 1614947696000],
  ['2021-03-05', 'yyyy-MM-dd[ HH:mm[:ss]]', 1614902400000],
  ['2021-03-05 12:34', 'yyyy-MM-dd[ HH:mm[:ss]]', 1614947640000],
  ['2021-03-05 12:34:56', 'yyyy-MM-dd[ HH:mm[:ss]]', 1614947696000],
  ['2021-03-05 12:34:56 x', 'yyyy-MM-dd HH:mm:ss', undefined],
  ['2021-03-05 at 12', "yyyy-MM-dd 'at' HH", 1614945600000],
  ["2021-03-05 o'clock", "yyyy-MM-dd 'o''clock'", 1614902400000],
  ["2021-03-05 '", "yyyy-MM-dd ''", 1614902400000],
  ['2021-03-05', "yyyy-MM-dd'", undefined],
  ['2021-03-05', 'yyyy-MM-ddb', undefined],
  ['12:34', 'HH:mm', undefined],
  ['2021-03', 'yyyy-MM', undefined],
  ['2021', 'yyyy', undefined],
  ['03-05', 'MM-dd', undefined],
  ['1000', 'n', undefined],
  ['2021-03-05 45296000', 'yyyy-MM-dd A', 1614947696000],
  ['2021-03-05 45296000000000', 'yyyy-MM-dd N', 1614947696000],
  ['2021-Q1-03-05', "yyyy-'Q'Q-MM-dd", 1614902400000],
  ['2021-03-14 02:30 America/New_York', 'yyyy-MM-dd HH:mm VV', 1615707000000],
  ['2021-11-07 01:30 America/New_York', 'yyyy-MM-dd HH:mm VV', 1636263000000],
  ['2021-03-05 12:34:60', 'yyyy-MM-dd HH:mm:ss', undefined],
  ['1614902400', 's', undefined],
  ['2021-03-05 12:34 +5', 'yyyy-MM-dd HH:mm X', undefined],
  ['2021-03-05 12:34 Nowhere/Land', 'yyyy-MM-dd HH:mm VV', undefined],
  ['2021/03/05', 'yyyy/MM/dd', 1614902400000],
  ['2021.3.5 7:8:9', 'y.M.d H:m:s', 1614928089000],
  ['Mar 5, 2021 1:05:06 PM', 'MMM d, yyyy h:mm:ss a', 1614949506000],
];

describe('time_to_epoch, as in Java', () => {
  test.each(parsed)('%j by %j', (text, pattern, epochMs) => {
    expect(evaluate('time_to_epoch(t, p)', { t: text, p: pattern })).toBe(String(epochMs ?? U));
  });
});

describe('time_to_epoch, where a time of day is said in part', () => {
  test.each([
    ['2021-03-05 1:05', 'yyyy-MM-dd h:mm'],
    ['2021-03-05 :34', 'yyyy-MM-dd :mm'],
  ])('%j by %j is Undefined', (text, pattern) => {
    expect(evaluate('time_to_epoch(t, p)', { t: text, p: pattern })).toBe(U);
  });
});

/** 2023-11-14T22:13:20.123Z, a Tuesday. */
const now = '1700000000123';

describe('parse_time', () => {
  test.each([
    ["parse_time('yyyy-MM-dd', 0)", '"1970-01-01"'],
    [`parse_time("yyyy-MM-dd'T'HH:mm:ss.SSSZZ", ${now})`, '"2023-11-14T22:13:20.123+00:00"'],
    [`parse_time("yyyy-MM-dd'T'HH:mm:ss.SSSZ", ${now}, 'Asia/Tokyo')`, '"2023-11-15T07:13:20.123+0900"'],
    [`parse_time('HH:mm z', ${now}, 'America/New_York')`, '"17:13 EST"'],
    [`parse_time('HH:mm zzzz', ${now}, 'America/New_York')`, '"17:13 Eastern Standard Time"'],
    [`parse_time('HH:mm ZZZ', ${now}, 'Europe/Berlin')`, '"23:13 Europe/Berlin"'],
    [`parse_time('HH:mm ZZ', ${now}, '-03:30')`, '"18:43 -03:30"'],
    [`parse_time('HH:mm ZZ', ${now}, 'Asia/Kolkata')`, '"03:43 +05:30"'],
    [`parse_time('HH:mm z', ${now})`, '"22:13 UTC"'],
    [`parse_time('EEEE EEE e D w x', ${now})`, '"Tuesday Tue 2 318 46 2023"'],
    [`parse_time('MMMM MMM MM M d', ${now})`, '"November Nov 11 11 14"'],
    [`parse_time('yy YYYY C G', ${now})`, '"23 2023 20 AD"'],
    [`parse_time('K h H k a', ${now})`, '"10 10 22 22 PM"'],
    ["parse_time('K h H k a', 0)", '"0 12 0 24 AM"'],
    [`parse_time('S SS SSS SSSSS', ${now})`, '"1 12 123 12300"'],
    [`parse_time('m s mm ss', ${now})`, '"13 20 13 20"'],
    [`parse_time("'at' yyyy '' ''''", ${now})`, `"at 2023 ' '"`],
    ["parse_time('xxxx ww', 1609459200000)", '"2020 53"'],
    ["parse_time('yyyy G', -62167219200001)", '"-0001 BC"'],
    ["parse_time('yyyy', '1700000000123.9')", '"2023"'],
    ["parse_time('', 0)", '""'],
    ["parse_time('yyyy-bb', 0)", U],
    ["parse_time('n', 0)", U],
    ["parse_time('''', 0)", U],
    ["parse_time('yyyy', 0, 'Nowhere/Land')", U],
    ["parse_time('yyyy', 0, '+25:00')", U],
    ["parse_time('yyyy', 9e15)", U],
    ["parse_time('yyyy', -1e40)", U],
  ])('%s', (expression, text) => {
    expect(evaluate(expression)).toBe(text);
  });
});
