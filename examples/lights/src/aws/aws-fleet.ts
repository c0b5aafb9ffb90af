/** The fleet by AWS IoT's API. Every step of a removal can be repeated, so whatever fails is simply done again. */
import {
  AttachPolicyCommand,
  AttachThingPrincipalCommand,
  CreateKeysAndCertificateCommand,
  CreateThingCommand,
  DeleteCertificateCommand,
  DeleteThingCommand,
  DescribeCertificateCommand,
  DetachPolicyCommand,
  DetachThingPrincipalCommand,
  type IoTClient,
  UpdateCertificateCommand,
  UpdateThingCommand,
} from '@aws-sdk/client-iot';
import { DeleteConnectionCommand, PublishCommand } from '@aws-sdk/client-iot-data-plane';
import type { Fleet, IssuedCertificate, Page } from '../lights/fleet.ts';
import { commandTopic, dataTopic } from '../lights/light.ts';
import type { AwsClients } from './clients.ts';
import { findLight, searchLights } from './indexing.ts';
import { arnPrefix, ensurePolicy, lightPolicy, lightPolicyName } from './policies.ts';

export class AwsFleet implements Fleet {
  readonly #clients: AwsClients;
  #policy: Promise<void> | undefined;

  constructor(clients: AwsClients) {
    this.#clients = clients;
  }

  get endpoint(): string {
    return this.#clients.endpoint;
  }

  async issueCertificate(): Promise<IssuedCertificate> {
    return issueCertificate(this.#clients.iot);
  }

  /** The certificate becomes active last: what a crash leaves of a half-made light opens no door. */
  async register(id: string, owner: string, { id: certificateId, arn }: IssuedCertificate): Promise<void> {
    const { iot } = this.#clients;
    await this.#ensureLightPolicy(arn);
    await iot.send(new CreateThingCommand({ thingName: id, attributePayload: { attributes: { owner } } }));
    await iot.send(new AttachPolicyCommand({ policyName: lightPolicyName, target: arn }));
    await iot.send(new AttachThingPrincipalCommand({ thingName: id, principal: arn }));
    await iot.send(new UpdateCertificateCommand({ certificateId, newStatus: 'ACTIVE' }));
  }

  search(owner: string, page: Page) {
    return searchLights(this.#clients.iot, owner, page);
  }

  async connectivity(id: string) {
    return (await findLight(this.#clients.iot, id))?.connectivity;
  }

  async send(id: string, message: object, expiry: number): Promise<void> {
    const payload = Buffer.from(JSON.stringify(message));
    const contentType = 'application/json';
    await this.#clients.data.send(
      new PublishCommand({ topic: commandTopic(id), qos: 1, payload, contentType, messageExpiry: expiry }),
    );
  }

  /** First out of sight and cut off, then taken apart. */
  async remove(id: string, certificateId: string | undefined): Promise<void> {
    const { iot, data } = this.#clients;
    const attributePayload = { attributes: { deleted: 'true' }, merge: true };
    await unlessGone(iot.send(new UpdateThingCommand({ thingName: id, attributePayload })));
    if (certificateId !== undefined) await this.#removeCertificate(id, certificateId);
    await unlessGone(data.send(new DeleteConnectionCommand({ clientId: id, cleanSession: true })));
    // An empty retained message takes the last report out of the broker.
    await data.send(new PublishCommand({ topic: dataTopic(id), qos: 1, retain: true, payload: new Uint8Array() }));
    await unlessGone(iot.send(new DeleteThingCommand({ thingName: id })));
  }

  async #removeCertificate(thingName: string, certificateId: string): Promise<void> {
    const { iot } = this.#clients;
    const found = await unlessGone(iot.send(new DescribeCertificateCommand({ certificateId })));
    const principal = found?.certificateDescription?.certificateArn;
    if (principal === undefined) return;
    await iot.send(new UpdateCertificateCommand({ certificateId, newStatus: 'INACTIVE' }));
    await unlessGone(iot.send(new DetachPolicyCommand({ policyName: lightPolicyName, target: principal })));
    await unlessGone(iot.send(new DetachThingPrincipalCommand({ thingName, principal })));
    await unlessGone(iot.send(new DeleteCertificateCommand({ certificateId })));
  }

  /** Once for the process; the ARNs in it are those of the account and region the first certificate came from. */
  async #ensureLightPolicy(arn: string): Promise<void> {
    this.#policy ??= ensurePolicy(this.#clients.iot, lightPolicyName, lightPolicy(arnPrefix(arn)));
    try {
      await this.#policy;
    } catch (error) {
      this.#policy = undefined;
      throw error;
    }
  }
}

export async function issueCertificate(iot: IoTClient, setAsActive = false): Promise<IssuedCertificate> {
  const issued = await iot.send(new CreateKeysAndCertificateCommand({ setAsActive }));
  return {
    id: issued.certificateId!,
    arn: issued.certificateArn!,
    certificatePem: issued.certificatePem!,
    privateKey: issued.keyPair!.PrivateKey!,
    publicKey: issued.keyPair!.PublicKey!,
  };
}

/** Undefined where there is nothing left to work on. */
async function unlessGone<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Error && error.name === 'ResourceNotFoundException') return undefined;
    throw error;
  }
}
