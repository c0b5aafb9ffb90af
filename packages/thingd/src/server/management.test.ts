import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningThingd, startThingd } from '../index.ts';
import { signedHeaders } from '../signature/index.ts';

describe('what a request must be', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'thingd-management-'));
  let thingd: RunningThingd;

  beforeAll(async () => {
    thingd = await startThingd({ mode: 'start', options: { dataDir } });
  });

  afterAll(async () => {
    await thingd.close();
    rmSync(dataDir, { recursive: true });
  });

  test('a signature covers the whole query, also what follows a second question mark', async () => {
    const { endpoints, credentials } = thingd;
    const signed = new URL(`/thingd/v1/access-keys?accountId=${credentials.accountId}`, endpoints.http);
    const scope = { region: credentials.region, service: 'iot' };
    const headers = signedHeaders('GET', signed, '', credentials, scope, Date.now());
    expect((await fetch(signed, { headers })).status).toBe(200);
    const altered = await fetch(`${signed}?more`, { headers });
    expect(altered.status).toBe(403);
    expect(altered.headers.get('x-amzn-errortype')).toBe('InvalidSignatureException');
  });

  test('a path that cannot be decoded is refused as AWS refuses', async () => {
    const answer = await fetch(`${thingd.endpoints.http}/things/%zz`);
    expect(answer.status).toBe(400);
    expect(answer.headers.get('x-amzn-errortype')).not.toBeNull();
  });
});
