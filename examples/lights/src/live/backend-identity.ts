/** The backend's own certificate, made on the first start and kept in its directory. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AttachPolicyCommand, DescribeCertificateCommand, type IoTClient } from '@aws-sdk/client-iot';
import { issueCertificate } from '../aws/aws-fleet.ts';
import { arnPrefix, backendPolicy, backendPolicyName, ensurePolicy } from '../aws/policies.ts';
import type { IssuedCertificate } from '../lights/fleet.ts';

/** A file that another IoT core's certificate is in is replaced. */
export async function backendCertificate(iot: IoTClient, directory: string): Promise<IssuedCertificate> {
  const path = join(directory, 'backend.json');
  const kept = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as IssuedCertificate) : undefined;
  const certificate = kept && (await isActive(iot, kept)) ? kept : await issueCertificate(iot, true);
  await ensurePolicy(iot, backendPolicyName, backendPolicy(arnPrefix(certificate.arn)));
  await iot.send(new AttachPolicyCommand({ policyName: backendPolicyName, target: certificate.arn }));
  if (certificate !== kept) writeFileSync(path, JSON.stringify(certificate), { mode: 0o600, flush: true });
  return certificate;
}

async function isActive(iot: IoTClient, { id, arn }: IssuedCertificate): Promise<boolean> {
  try {
    const { certificateDescription: found } = await iot.send(new DescribeCertificateCommand({ certificateId: id }));
    return found?.certificateArn === arn && found.status === 'ACTIVE';
  } catch (error) {
    if (error instanceof Error && error.name === 'ResourceNotFoundException') return false;
    throw error;
  }
}
