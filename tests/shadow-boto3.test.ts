/** boto3, unmodified: shadows, and their errors by the classes and statuses Python programs catch. */
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { run } from './harness/command.ts';
import { describeWith } from './harness/parts.ts';
import { cleanEnvironment, startThingd } from './harness/thingd.ts';

describeWith(['boto3'], "boto3's shadows", () => {
  // biome-ignore lint/suspicious/noExplicitAny: what the script saw, judged below
  let seen: any;

  beforeAll(async () => {
    const thingd = await startThingd();
    const script = join(import.meta.dirname, 'boto3', 'shadows.py');
    const env = { ...cleanEnvironment, ...thingd.env, AWS_EC2_METADATA_DISABLED: 'true' };
    const { exit, stdout, stderr } = await run('python3', [script, thingd.endpoints.http.url], { env });
    if (exit !== 0) throw new Error(stderr);
    seen = JSON.parse(stdout);
  });

  test('are created, reported, read and deleted', () => {
    expect(seen.created).toMatchObject({ version: 1, clientToken: 'py', state: { desired: { speed: 3 } } });
    expect(seen.reported).toMatchObject({ version: 2 });
    expect(seen.document.state).toEqual({ desired: { speed: 3 }, reported: { speed: 1 }, delta: { speed: 3 } });
    expect(seen.deleted).toMatchObject({ version: 2 });
  });

  test('are listed by name, in pages', () => {
    expect(seen.names).toEqual([['one', 'three'], ['two']]);
  });

  test.each([
    ['missing', 'ResourceNotFoundException', 404, "No shadow exists with name: 'pump'"],
    ['gone', 'ResourceNotFoundException', 404, "No shadow exists with name: 'pump'"],
    ['conflict', 'ConflictException', 409, 'Version conflict'],
    ['too large', 'RequestEntityTooLargeException', 413, 'The payload exceeds the maximum size allowed'],
    [
      'not UTF-8',
      'UnsupportedDocumentEncodingException',
      415,
      'Unsupported documented encoding; supported encoding is UTF-8',
    ],
  ])('where something is %s raise %s (%i)', (name, errorClass, status, message) => {
    expect(seen[name]).toEqual({ class: errorClass, status, message });
  });

  test('with a name that is none are an invalid request', () => {
    expect(seen['bad name']).toMatchObject({ class: 'InvalidRequestException', status: 400 });
  });
});
