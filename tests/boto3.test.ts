/** boto3, unmodified, through a device's first day; the errors by the names and statuses Python programs catch. */
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { run } from './harness/command.ts';
import { describeWith } from './harness/parts.ts';
import { cleanEnvironment, startThingd, type Thingd } from './harness/thingd.ts';

describeWith(['boto3'], 'boto3', () => {
  let thingd: Thingd;
  // biome-ignore lint/suspicious/noExplicitAny: what the script saw, judged below
  let seen: any;

  beforeAll(async () => {
    thingd = await startThingd();
    const script = join(import.meta.dirname, 'boto3', 'first_day.py');
    const env = { ...cleanEnvironment, ...thingd.env, AWS_EC2_METADATA_DISABLED: 'true' };
    const { exit, stdout, stderr } = await run('python3', [script, thingd.endpoints.http.url], {
      env,
      timeout: 60_000,
    });
    if (exit !== 0) throw new Error(stderr);
    seen = JSON.parse(stdout);
  });

  test('reads certificate, thing and endpoint with the types it expects', () => {
    expect(seen.requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(seen.certificate).toMatchObject({ status: 'ACTIVE', isDate: true });
    expect(Math.abs(Date.parse(seen.certificate.creationDate) - Date.now())).toBeLessThan(120_000);
    expect(seen.certificate.validForYears).toBeGreaterThan(10);
    expect(seen.thing).toEqual({
      thingName: 'python',
      attributes: { site: 'lab' },
      version: 1,
      defaultClientId: 'python',
    });
    expect(seen.endpoint).toMatch(/^localhost(:\d+)?$/);
    expect(seen.principals).toBe(true);
  });

  test('pages through a filtered list, three at a time', () => {
    expect(seen.pages.flat().sort()).toEqual(Array.from({ length: 7 }, (_, number) => `page-${number}`));
    expect(Math.max(...seen.pages.map((page: string[]) => page.length))).toBe(3);
  });

  test('merges attributes, and an empty value removes one', () => {
    expect(seen.update).toEqual([{ site: 'lab', rack: '3' }, { rack: '3' }]);
  });

  test('publishes by HTTPS and asks what a policy would allow', () => {
    expect(seen.published).toBe(200);
    expect(seen.authorization).toEqual(['ALLOWED']);
  });

  test.each([
    ['no such thing', 'ResourceNotFoundException', 404],
    ['no such policy', 'ResourceNotFoundException', 404],
    ['bad name', 'InvalidRequestException', 400],
    ['bad policy', 'MalformedPolicyException', 400],
    ['same policy again', 'ResourceAlreadyExistsException', 409],
    ['old version', 'VersionConflictException', 409],
    ['policy in use', 'DeleteConflictException', 409],
    ['certificate active', 'CertificateStateException', 406],
    ['unreadable CSR', 'InvalidRequestException', 400],
    ['thing with principal', 'InvalidRequestException', 400],
  ])('%s is caught as %s with status %i', (refusal, name, status) => {
    expect(seen.errors[refusal]).toMatchObject({ name, class: name, status });
    expect(seen.errors[refusal].message).not.toBe('');
  });
});
