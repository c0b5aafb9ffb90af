import { beforeEach, describe, expect, test } from 'vitest';
import type { Change } from '../events/changes.ts';
import { certificatesBut, openDomain, outcomes, realm, type TestDomain } from '../testing/domain.ts';
import { PolicyAttachments } from './policy-attachments.ts';
import { Policies } from './policy-service.ts';

const document = (action = 'iot:Connect') =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: action, Resource: '*' }] });
const certificate = `arn:aws:iot:eu-west-1:123456789012:cert/${'a'.repeat(64)}`;
const notFound = { name: 'ResourceNotFoundException' };
const deleteConflict = { name: 'DeleteConflictException', status: 409 };

let domain: TestDomain;
let policies: Policies;
let attachments: PolicyAttachments;
let emitted: Change[];

beforeEach(async () => {
  domain = await openDomain();
  policies = new Policies(domain);
  attachments = new PolicyAttachments(domain, certificatesBut());
  emitted = [];
  domain.changes.on(change => emitted.push(change));
});

const create = (policyName = 'fleet') => policies.create(realm, { policyName, policyDocument: document() });
const versionIds = async () => (await policies.listVersions(realm, 'fleet')).map(({ version }) => version.versionId);

describe('creating a policy', () => {
  test('keeps the document as it was written, as version 1 and default', async () => {
    const policyDocument = `\n  ${document()}  `;
    await policies.create(realm, { policyName: 'fleet', policyDocument });
    const { policy, version } = await policies.get(realm, 'fleet');
    expect(version).toEqual({ versionId: 1, document: policyDocument, createdAt: domain.clock.now() });
    expect(policy).toMatchObject({
      defaultVersionId: 1,
      createdAt: domain.clock.now(),
      modifiedAt: domain.clock.now(),
    });
    expect(emitted).toEqual([{ kind: 'policy', realm, policyName: 'fleet' }]);
  });

  test('again is refused even with the same document', async () => {
    await create();
    await expect(create()).rejects.toMatchObject({
      name: 'ResourceAlreadyExistsException',
      details: { resourceArn: 'arn:aws:iot:eu-west-1:123456789012:policy/fleet' },
    });
  });

  test('by several at once lets one win', async () => {
    expect(await outcomes([create(), create(), create()])).toEqual([
      'ResourceAlreadyExistsException',
      'ResourceAlreadyExistsException',
      'done',
    ]);
  });

  test.each(['', '{', '{"Version":"2012-10-17"}'])('from `%s` is refused as malformed', async policyDocument => {
    await expect(policies.create(realm, { policyName: 'fleet', policyDocument })).rejects.toMatchObject({
      name: 'MalformedPolicyException',
    });
    await create('other');
    await expect(policies.createVersion(realm, 'other', policyDocument)).rejects.toMatchObject({
      name: 'MalformedPolicyException',
    });
  });
});

describe('versions of a policy', () => {
  beforeEach(() => create());

  test('are numbered on and become the default only if asked to', async () => {
    const second = await policies.createVersion(realm, 'fleet', document('iot:Publish'));
    expect(second.version.versionId).toBe(2);
    expect((await policies.get(realm, 'fleet')).version.versionId).toBe(1);
    await policies.createVersion(realm, 'fleet', document('iot:Receive'), true);
    expect((await policies.get(realm, 'fleet')).version.document).toBe(document('iot:Receive'));
    await policies.setDefaultVersion(realm, 'fleet', 2);
    expect((await policies.get(realm, 'fleet')).version.document).toBe(document('iot:Publish'));
  });

  test('give the policy another generation and modification date with each change', async () => {
    const { policy: before } = await policies.get(realm, 'fleet');
    domain.clock.advance(1000);
    await policies.createVersion(realm, 'fleet', document());
    const { policy: after } = await policies.get(realm, 'fleet');
    expect(after.generationId).not.toBe(before.generationId);
    expect(after.modifiedAt).toBe(before.modifiedAt + 1000);
  });

  test('are five at most, and a sixth is refused', async () => {
    for (let version = 2; version <= 5; version++) await policies.createVersion(realm, 'fleet', document());
    await expect(policies.createVersion(realm, 'fleet', document())).rejects.toMatchObject({
      name: 'VersionsLimitExceededException',
      status: 409,
    });
    expect(await versionIds()).toEqual([1, 2, 3, 4, 5]);
  });

  test('never have the number of one that was deleted', async () => {
    await policies.createVersion(realm, 'fleet', document());
    await policies.deleteVersion(realm, 'fleet', 2);
    await policies.createVersion(realm, 'fleet', document());
    expect(await versionIds()).toEqual([1, 3]);
  });

  test('are deleted, but not the default', async () => {
    await policies.createVersion(realm, 'fleet', document(), true);
    await expect(policies.deleteVersion(realm, 'fleet', 2)).rejects.toMatchObject(deleteConflict);
    await policies.deleteVersion(realm, 'fleet', 1);
    expect(await versionIds()).toEqual([2]);
  });

  test('that do not exist are refused', async () => {
    await expect(policies.getVersion(realm, 'fleet', 2)).rejects.toMatchObject(notFound);
    await expect(policies.deleteVersion(realm, 'fleet', 2)).rejects.toMatchObject(notFound);
    await expect(policies.setDefaultVersion(realm, 'fleet', 2)).rejects.toMatchObject(notFound);
    await expect(policies.listVersions(realm, 'none')).rejects.toMatchObject(notFound);
    await expect(policies.createVersion(realm, 'none', document())).rejects.toMatchObject(notFound);
  });

  test('made by many at once have different numbers and stay within five', async () => {
    const race = Array.from({ length: 6 }, () => policies.createVersion(realm, 'fleet', document()));
    expect(await outcomes(race)).toEqual([
      'VersionsLimitExceededException',
      'VersionsLimitExceededException',
      'done',
      'done',
      'done',
      'done',
    ]);
    expect(await versionIds()).toEqual([1, 2, 3, 4, 5]);
  });

  test('made default and deleted at once either stay, as the default, or go', async () => {
    await policies.createVersion(realm, 'fleet', document());
    const results = await outcomes([
      policies.setDefaultVersion(realm, 'fleet', 2),
      policies.deleteVersion(realm, 'fleet', 2),
    ]);
    expect([
      ['DeleteConflictException', 'done'],
      ['ResourceNotFoundException', 'done'],
    ]).toContainEqual(results);
    const { policy, version } = await policies.get(realm, 'fleet');
    expect(version.versionId).toBe(policy.defaultVersionId);
  });
});

describe('deleting a policy', () => {
  beforeEach(() => create());

  test('is refused while it has versions beside the default', async () => {
    await policies.createVersion(realm, 'fleet', document());
    await expect(policies.delete(realm, 'fleet')).rejects.toMatchObject(deleteConflict);
    await policies.deleteVersion(realm, 'fleet', 2);
    await policies.delete(realm, 'fleet');
    await expect(policies.get(realm, 'fleet')).rejects.toMatchObject(notFound);
  });

  test('is refused while it is attached', async () => {
    await attachments.attach(realm, 'fleet', certificate);
    await expect(policies.delete(realm, 'fleet')).rejects.toMatchObject(deleteConflict);
    await attachments.detach(realm, 'fleet', certificate);
    await policies.delete(realm, 'fleet');
  });

  test('racing with an attachment never leaves one without a policy', async () => {
    const results = await outcomes([policies.delete(realm, 'fleet'), attachments.attach(realm, 'fleet', certificate)]);
    expect([
      ['DeleteConflictException', 'done'],
      ['ResourceNotFoundException', 'done'],
    ]).toContainEqual(results);
  });

  test('racing with a new version never loses that version', async () => {
    const race = [policies.createVersion(realm, 'fleet', document()), policies.delete(realm, 'fleet')];
    expect([
      ['DeleteConflictException', 'done'],
      ['ResourceNotFoundException', 'done'],
    ]).toContainEqual(await outcomes(race));
  });

  test('that does not exist is refused', async () => {
    await expect(policies.delete(realm, 'none')).rejects.toMatchObject(notFound);
  });
});

test('policies are listed newest first, or oldest first if asked, page by page', async () => {
  for (const name of ['b', 'c', 'a']) {
    await create(name);
    domain.clock.advance(1);
  }
  const names = async (request: Parameters<Policies['list']>[1]) => {
    const page = await policies.list(realm, request);
    return { names: page.items.map(policy => policy.policyName), nextToken: page.nextToken };
  };
  expect((await names({})).names).toEqual(['a', 'c', 'b']);
  const first = await names({ ascending: true, maxResults: 2 });
  expect(first.names).toEqual(['b', 'c']);
  const second = await names({ ascending: true, maxResults: 2, nextToken: first.nextToken });
  expect(second).toEqual({ names: ['a'], nextToken: undefined });
});
