/** What a shadow must do, as rows that each face is put through. (AWS: device-shadow-document, device-shadow-error-messages) */

/** A section before, a patch, and the section afterwards; undefined where it has disappeared. */
export const merges: readonly (readonly [stored: string, patch: string, result: string | undefined])[] = [
  ['{"a":1}', '{"b":2}', '{"a":1,"b":2}'],
  ['{"a":1,"b":2}', '{"a":null}', '{"b":2}'],
  ['{"a":{"x":1,"y":2}}', '{"a":{"x":9}}', '{"a":{"x":9,"y":2}}'],
  ['{"a":{"x":1}}', '{"a":{"x":null}}', '{"a":{}}'],
  ['{"l":[1,2,3]}', '{"l":[7]}', '{"l":[7]}'],
  ['{"c":3}', '{"c":{}}', '{"c":{}}'],
  ['{"c":{"x":1}}', '{"c":{}}', '{"c":{"x":1}}'],
  ['{"a":1}', '{"zz":null}', '{"a":1}'],
  ['{}', '{"d":{}}', '{"d":{}}'],
  ['{"a":1}', '{"a":{"x":null,"y":2}}', '{"a":{"y":2}}'],
  ['{"a":1}', '{"a":null}', undefined],
  ['{}', '{"x":null}', undefined],
  ['{"a":1}', 'null', undefined],
  ['{"a":"on"}', '{"a":"on"}', '{"a":"on"}'],
  ['{"key with spaces.and$":1}', '{"日本語":"値"}', '{"key with spaces.and$":1,"日本語":"値"}'],
];

/** Sections, and the delta between them. */
export const deltas: readonly (readonly [desired: string, reported: string | undefined, delta: string | undefined])[] =
  [
    ['{"a":1,"b":2}', '{"a":1}', '{"b":2}'],
    ['{"a":1}', '{"a":1,"z":5}', undefined],
    ['{"o":{"x":1,"y":2}}', '{"o":{"x":1,"y":3}}', '{"o":{"y":2}}'],
    ['{"l":[1,2,3]}', '{"l":[1,2]}', '{"l":[1,2,3]}'],
    ['{"l":[{"p":1}]}', '{"l":[{"p":2}]}', '{"l":[{"p":1}]}'],
    ['{"o":{"x":1}}', '{"o":5}', '{"o":{"x":1}}'],
    ['{"e":{}}', '{}', '{"e":{}}'],
    ['{"e":{}}', '{"e":{}}', undefined],
    ['{"n":1}', '{"n":1.0}', undefined],
    ['{"a":1}', undefined, '{"a":1}'],
    ['{"a":true}', '{"a":"true"}', '{"a":true}'],
  ];

const nested = (levels: number): string => `${'{"a":'.repeat(levels - 1)}{"b":1}${'}'.repeat(levels - 1)}`;

/** Update requests that change nothing, and why. */
export const refusals: readonly (readonly [request: string | Buffer, code: number, message: string])[] = [
  ['[]', 400, 'Invalid JSON'],
  ['{', 400, 'Invalid JSON'],
  ['', 400, 'Invalid JSON'],
  ['{"x":1}', 400, 'Missing required node: state'],
  ['{"state":1}', 400, 'State node must be an object'],
  ['{"state":{"desired":[]}}', 400, 'Desired node must be an object'],
  ['{"state":{"reported":"on"}}', 400, 'Reported node must be an object'],
  ['{"state":{"other":1}}', 400, "State contains an invalid node: 'other'"],
  ['{"state":{"delta":{}}}', 400, "State contains an invalid node: 'delta'"],
  ['{"state":{"desired":{"l":[1,null]}}}', 400, 'State contains an invalid node: arrays may not contain null'],
  ['{"state":{},"version":"1"}', 400, 'Invalid version'],
  ['{"state":{},"version":1.5}', 400, 'Invalid version'],
  [`{"state":{},"clientToken":"${'x'.repeat(65)}"}`, 400, 'Invalid clientToken'],
  [`{"state":{"desired":${nested(9)}}}`, 400, 'JSON contains too many levels of nesting; maximum is 6'],
  ['{"state":{},"version":7}', 409, 'Version conflict'],
  [`{"state":{"desired":{"a":"${'x'.repeat(9000)}"}}}`, 413, 'The payload exceeds the maximum size allowed'],
  [
    Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
    415,
    'Unsupported documented encoding; supported encoding is UTF-8',
  ],
];

export const deepest = `{"state":{"desired":${nested(8)}}}`;
