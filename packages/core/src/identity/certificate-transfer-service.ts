/**
 * A certificate on its way from one account to another of the same region. While it is offered both realms have it as
 * PENDING_TRANSFER; in the end exactly one keeps it: the target if it accepts, the source if either takes the offer back.
 */
import type { Domain } from '../domain.ts';
import { ServiceError } from '../errors.ts';
import type { Realm } from '../realm.ts';
import type { Page } from '../store/pagination.ts';
import { retryStale } from '../store/retry.ts';
import { findCaCertificate } from './ca-certificate-store.ts';
import { type Certificate, certificateArn, isOffer, normalizeCertificateId } from './certificate.ts';
import { emitStatus, requireCertificate, revised } from './certificate-service.ts';
import {
  deleteCertificate,
  findCertificate,
  findCertificateInRealms,
  insertCertificate,
  listCertificates,
  replaceCertificate,
} from './certificate-store.ts';
import type { CreationPageRequest } from './creation-order.ts';
import type { PrincipalAttachments } from './principal-attachments.ts';

/** Both sides of a transfer that is still open. */
interface OpenTransfer {
  readonly source: Certificate;
  readonly offer: Certificate;
}

export class CertificateTransfers {
  readonly #domain: Domain;
  readonly #attachments: PrincipalAttachments;

  constructor(domain: Domain, attachments: PrincipalAttachments) {
    this.#domain = domain;
    this.#attachments = attachments;
  }

  /**
   * AWS: TransferCertificate. Returns the ARN the certificate will have at its target.
   *
   * Throws `CertificateStateException` unless it is INACTIVE, `TransferConflictException` while policies or things are attached
   * or when the target has the certificate already, `InvalidRequestException` for a transfer to oneself.
   */
  async transfer(
    realm: Realm,
    certificateId: string,
    request: { readonly targetAwsAccount: string; readonly transferMessage?: string | undefined },
  ): Promise<string> {
    const { store, clock, changes } = this.#domain;
    const target: Realm = { accountId: request.targetAwsAccount, region: realm.region };
    if (target.accountId === realm.accountId)
      throw new ServiceError('InvalidRequestException', 'the certificate belongs to that account already');
    return await retryStale(async () => {
      const current = await requireCertificate(store, realm, normalizeCertificateId(certificateId));
      await this.#checkTransferable(current);
      await this.#checkUnknown(target, current.certificateId);
      const now = clock.now();
      const transfer = {
        transferredFrom: realm.accountId,
        transferredTo: target.accountId,
        ...(request.transferMessage !== undefined && { transferMessage: request.transferMessage }),
        transferDate: now,
      };
      const source = revised(current, { status: 'PENDING_TRANSFER', transfer }, now);
      const { caCertificateId, ...rest } = source;
      const offer: Certificate = {
        ...rest,
        // Its CA means nothing to an account that has not registered it. AWS does not say what it does. (unverified)
        ...((await this.#hasCa(target, caCertificateId)) && { caCertificateId }),
        realm: target,
        creationDate: now,
        customerVersion: 1,
      };
      const alone = await this.#attachments.expectNone(realm, certificateArn(realm, current.certificateId));
      await store.commit([replaceCertificate(store, current, source), insertCertificate(store, offer), ...alone]);
      emitStatus(changes, source);
      emitStatus(changes, offer);
      return certificateArn(target, current.certificateId);
    });
  }

  async #checkTransferable({ realm, certificateId, status }: Certificate): Promise<void> {
    if (status !== 'INACTIVE')
      throw new ServiceError('CertificateStateException', `a certificate that is ${status} cannot be transferred`);
    const attached = await this.#attachments.attached(realm, certificateArn(realm, certificateId));
    if (attached.policies)
      throw new ServiceError(
        'TransferConflictException',
        "You can't transfer the certificate because authorization policies are still attached.",
      );
    // AWS documents this for policies alone; an attachment to a thing would be left behind just the same.
    if (attached.things)
      throw new ServiceError(
        'TransferConflictException',
        'the certificate is still attached to things; detach it first',
      );
  }

  async #checkUnknown(target: Realm, certificateId: string): Promise<void> {
    if ((await findCertificate(this.#domain.store, target, certificateId)) === undefined) return;
    throw new ServiceError('TransferConflictException', 'the target account has this certificate already');
  }

  async #hasCa(realm: Realm, caCertificateId: string | undefined): Promise<boolean> {
    if (caCertificateId === undefined) return false;
    return (await findCaCertificate(this.#domain.store, realm, caCertificateId)) !== undefined;
  }

  /** AWS: AcceptCertificateTransfer, by the target. Throws `TransferAlreadyCompletedException` once it is over. */
  async accept(
    realm: Realm,
    certificateId: string,
    { setAsActive = false }: { readonly setAsActive?: boolean | undefined } = {},
  ): Promise<void> {
    const { store, changes } = this.#domain;
    await this.#close(realm, certificateId, 'target', ({ source, offer }, now) => {
      const accepted = revised(
        offer,
        {
          status: setAsActive ? 'ACTIVE' : 'INACTIVE',
          previousOwnedBy: source.realm.accountId,
          transfer: { ...offer.transfer, acceptDate: now },
        },
        now,
      );
      return {
        writes: [deleteCertificate(store, source), replaceCertificate(store, offer, accepted)],
        emit: () => {
          emitStatus(changes, accepted);
          emitGone(this.#domain, source);
        },
      };
    });
  }

  /** AWS: RejectCertificateTransfer, by the target: the source has it back, INACTIVE, and the reason with it. */
  async reject(realm: Realm, certificateId: string, rejectReason?: string): Promise<void> {
    await this.#giveBack(realm, certificateId, 'target', now => ({
      rejectDate: now,
      ...(rejectReason !== undefined && { rejectReason }),
    }));
  }

  /** AWS: CancelCertificateTransfer, by the source: it has it back, INACTIVE. */
  async cancel(realm: Realm, certificateId: string): Promise<void> {
    await this.#giveBack(realm, certificateId, 'source', () => ({}));
  }

  /** The certificates this realm offers to others. */
  async listOutgoing(realm: Realm, request: CreationPageRequest = {}): Promise<Page<Certificate>> {
    return await listCertificates(this.#domain.store, realm, request, { outgoing: true });
  }

  async #giveBack(
    realm: Realm,
    certificateId: string,
    by: 'source' | 'target',
    ending: (now: number) => Partial<Certificate['transfer']>,
  ): Promise<void> {
    const { store, changes } = this.#domain;
    await this.#close(realm, certificateId, by, ({ source, offer }, now) => {
      const transfer = { ...source.transfer, ...ending(now) };
      const returned = revised(source, { status: 'INACTIVE', transfer }, now);
      return {
        writes: [replaceCertificate(store, source, returned), deleteCertificate(store, offer)],
        emit: () => {
          emitStatus(changes, returned);
          emitGone(this.#domain, offer);
        },
      };
    });
  }

  async #close(
    realm: Realm,
    certificateId: string,
    by: 'source' | 'target',
    decide: (transfer: OpenTransfer, now: number) => { writes: Parameters<Domain['store']['commit']>[0]; emit(): void },
  ): Promise<void> {
    const { store, clock } = this.#domain;
    await retryStale(async () => {
      const transfer = await this.#findOpen(realm, normalizeCertificateId(certificateId), by);
      const { writes, emit } = decide(transfer, clock.now());
      await store.commit(writes);
      emit();
    });
  }

  /** Throws `TransferAlreadyCompletedException` where this side's transfer is over, else `ResourceNotFoundException`. */
  async #findOpen(realm: Realm, certificateId: string, by: 'source' | 'target'): Promise<OpenTransfer> {
    const everywhere = await findCertificateInRealms(this.#domain.store, certificateId);
    const inRegion = everywhere.filter(certificate => certificate.realm.region === realm.region);
    const side = by === 'source' ? 'transferredFrom' : 'transferredTo';
    const ours = inRegion.filter(({ transfer }) => transfer[side] === realm.accountId);
    const offer = ours.find(isOffer);
    const source = offer && inRegion.find(other => other.realm.accountId === offer.transfer.transferredFrom);
    if (offer && source) return { offer, source };
    if (ours.length > 0 || inRegion.some(certificate => certificate.realm.accountId === realm.accountId))
      throw new ServiceError('TransferAlreadyCompletedException', 'no transfer of this certificate is pending');
    throw new ServiceError('ResourceNotFoundException', 'the certificate given in the certificateId does not exist');
  }
}

function emitGone({ changes }: Domain, { realm, certificateId }: Certificate): void {
  changes.emit({ kind: 'certificate', realm, certificateId, status: 'DELETED' });
}
