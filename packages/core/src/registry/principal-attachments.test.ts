import { beforeEach, describe, expect, test } from 'vitest';
import { certificateArn } from '../identity/certificate.ts';
import { Certificates } from '../identity/certificate-service.ts';
import { CertificateTransfers } from '../identity/certificate-transfer-service.ts';
import { home, neighbour, testSigner } from '../identity/domain-fixtures.ts';
import { PolicyAttachments } from '../policy/policy-attachments.ts';
import { Policies } from '../policy/policy-service.ts';
import { openDomain, type TestDomain } from '../testing/domain.ts';
import { principalAttachments } from './principal-attachments.ts';
import { thingGroupArn } from './thing-group.ts';
import { ThingGroups } from './thing-group-service.ts';
import { ThingPrincipals } from './thing-principal-service.ts';
import { Things } from './thing-service.ts';

let domain: TestDomain;
let certificates: Certificates;
let transfers: CertificateTransfers;
let policyAttachments: PolicyAttachments;
let principals: ThingPrincipals;
let groups: ThingGroups;
let certificateId: string;
let principal: string;

beforeEach(async () => {
  domain = await openDomain();
  const attachments = principalAttachments(domain.store);
  certificates = new Certificates(domain, testSigner(), attachments);
  transfers = new CertificateTransfers(domain, attachments);
  policyAttachments = new PolicyAttachments(domain, certificates);
  principals = new ThingPrincipals(domain, certificates);
  groups = new ThingGroups(domain);
  const policyDocument = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}';
  await new Policies(domain).create(home, { policyName: 'all', policyDocument });
  await new Things(domain).create(home, { thingName: 'lamp' });
  certificateId = (await certificates.createWithKeys(home)).certificate.certificateId;
  principal = certificateArn(home, certificateId);
});

const rows = async (table: string) =>
  (await domain.store.all({ sql: `select * from ${table}`, parameters: [] })).length;
/** Lets the first call come as far as `turns` awaits before the second one begins: commits fall before, between and after reads. */
async function race(first: () => Promise<unknown>, second: () => Promise<unknown>, turns: number): Promise<string[]> {
  const begun = first();
  begun.catch(() => {});
  for (let turn = 0; turn < turns; turn++) await Promise.resolve();
  const results = await Promise.allSettled([begun, second()]);
  return results.map(result => (result.status === 'fulfilled' ? 'done' : result.reason.name));
}

const everyMoment = Array.from({ length: 60 }, (_, turns) => turns);

describe.each([
  ['a policy', 'policy_attachment', () => policyAttachments.attach(home, 'all', principal)],
  ['a thing', 'thing_principal', () => principals.attach(home, 'lamp', principal)],
])('attaching %s to a certificate', (what, table, attach) => {
  test.each(everyMoment)('that is deleted by force %i turns later or earlier leaves no orphan', async turns => {
    for (const order of ['attach', 'delete']) {
      const { certificate } = await certificates.createWithKeys(home);
      ({ certificateId } = certificate);
      principal = certificateArn(home, certificateId);
      const remove = () => certificates.delete(home, certificateId, { forceDelete: true });
      await (order === 'attach' ? race(attach, remove, turns) : race(remove, attach, turns));
      const exists = await certificates.exists(home, principal);
      expect(exists ? 1 : 0, order).toBe(await rows(table));
      if (exists) expect(what).toBe('a thing');
      await domain.store.commit([{ sql: `delete from ${table}`, parameters: [] }]);
    }
  });

  test.each(everyMoment.slice(0, 30))('that is transferred %i turns later either stops it or fails', async turns => {
    const offer = () => transfers.transfer(home, certificateId, { targetAwsAccount: neighbour.accountId });
    const results = await race(attach, offer, turns);
    expect([
      ['done', 'TransferConflictException'],
      ['InvalidRequestException', 'done'],
    ]).toContainEqual(results);
    expect(await rows(table)).toBe(results[0] === 'done' ? 1 : 0);
  });

  test('that is being transferred is refused', async () => {
    await transfers.transfer(home, certificateId, { targetAwsAccount: neighbour.accountId });
    await expect(attach()).rejects.toMatchObject({ name: 'InvalidRequestException' });
    await transfers.cancel(home, certificateId);
    await attach();
    expect(await rows(table)).toBe(1);
  });
});

test.each(everyMoment.slice(0, 30))('a policy is never left on a group deleted %i turns later', async turns => {
  await groups.create(home, { thingGroupName: 'house' });
  const target = thingGroupArn(home, 'house');
  await race(
    () => policyAttachments.attach(home, 'all', target),
    () => groups.delete(home, 'house'),
    turns,
  );
  expect(await rows('policy_attachment')).toBe(0);
});
