/** A domain for tests of identity: realms, a record of what was told, a signer and attachments to the test's liking. */
import type { Change } from '../events/changes.ts';
import type { Realm } from '../realm.ts';
import { certificatePem, identity } from '../testing/certificates.ts';
import { openDomain, type TestDomain as PlainTestDomain } from '../testing/domain.ts';
import type { CertificateSigner } from './certificate-signer.ts';
import type { PrincipalAttachments } from './principal-attachments.ts';

export const home: Realm = { accountId: '111111111111', region: 'eu-west-1' };
export const neighbour: Realm = { accountId: '222222222222', region: 'eu-west-1' };
export const abroad: Realm = { accountId: '111111111111', region: 'us-east-1' };

/** When every test begins. */
export const start = Date.UTC(2026, 0, 1);

export interface TestDomain extends PlainTestDomain {
  /** What has been emitted, in order. */
  readonly told: Change[];
}

export async function testDomain(): Promise<TestDomain> {
  const domain = await openDomain();
  const told: Change[] = [];
  domain.changes.on(change => told.push(change));
  return { ...domain, told };
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

  async expectNone(): Promise<[]> {
    return [];
  }

  async detachPolicies(_realm: Realm, principal: string): Promise<[]> {
    this.detached.push(principal);
    return [];
  }
}
