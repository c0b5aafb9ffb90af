/** A domain for tests of identity: a store in memory, a clock that stands still until moved, and a record of what was told. */
import type { Domain } from '../domain.ts';
import { type Change, Changes } from '../events/changes.ts';
import type { Realm } from '../realm.ts';
import { MemoryStore } from '../store/memory-store.ts';
import { migrate } from '../store/migrations.ts';
import type { Store } from '../store/store.ts';
import { tagMigration } from '../tags/tag-store.ts';
import { accessKeyMigration } from './access-key-store.ts';
import { caCertificateMigration } from './ca-certificate-store.ts';
import { certificatePem, identity } from './certificate-fixtures.ts';
import type { CertificateSigner } from './certificate-signer.ts';
import { certificateMigration } from './certificate-store.ts';
import type { PrincipalAttachments } from './principal-attachments.ts';

export const home: Realm = { accountId: '111111111111', region: 'eu-west-1' };
export const neighbour: Realm = { accountId: '222222222222', region: 'eu-west-1' };
export const abroad: Realm = { accountId: '111111111111', region: 'us-east-1' };

export const noon = Date.parse('2026-11-21T12:00:00Z');

export interface TestDomain extends Domain {
  readonly clock: { time: number; now(): number };
  /** What has been emitted, in order. */
  readonly told: Change[];
}

export async function testDomain(): Promise<TestDomain> {
  const store: Store = new MemoryStore();
  await migrate(store, [certificateMigration, caCertificateMigration, accessKeyMigration, tagMigration]);
  const clock = { time: noon, now: () => clock.time };
  const changes = new Changes();
  const told: Change[] = [];
  changes.on(change => told.push(change));
  return { store, clock, changes, told };
}

/** Signs with a CA of its own; every call makes another certificate of one key. */
export function testSigner(): CertificateSigner {
  const issuer = identity('test root');
  const device = identity('AWS IoT Certificate');
  const publicKey = device.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const privateKey = device.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return {
    issueKeysAndCertificate: async () => ({
      certificatePem: certificatePem(device, issuer),
      keyPair: { publicKey, privateKey },
    }),
    issueFromCsr: async () => ({ certificatePem: certificatePem(device, issuer) }),
  };
}

/** Attachments as a test declares them: sets of principals with policies and with things. */
export class TestAttachments implements PrincipalAttachments {
  readonly withPolicies = new Set<string>();
  readonly withThings = new Set<string>();
  readonly detached: string[] = [];

  async attached(_realm: Realm, principal: string): Promise<{ policies: boolean; things: boolean }> {
    return { policies: this.withPolicies.has(principal), things: this.withThings.has(principal) };
  }

  async detachPolicies(_realm: Realm, principal: string): Promise<[]> {
    this.detached.push(principal);
    return [];
  }
}
