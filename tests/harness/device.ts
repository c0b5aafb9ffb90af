/** Things with a certificate and a policy, made through the API as a user would make them. */
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  AttachPolicyCommand,
  AttachThingPrincipalCommand,
  CreateKeysAndCertificateCommand,
  CreatePolicyCommand,
  CreateThingCommand,
  IoTClient,
} from '@aws-sdk/client-iot';
import { temporaryDirectory } from './directory.ts';
import type { Thingd } from './thingd.ts';

export interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

export const allow = (
  Action: string | readonly string[],
  Resource: string | readonly string[] = '*',
  Condition?: Statement['Condition'],
): Statement => ({ Effect: 'Allow', Action, Resource, ...(Condition && { Condition }) });

export const policyDocument = (...Statement: readonly Statement[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement });

/** May do everything: for tests that are not about policies. */
export const anything = policyDocument(allow('iot:*'));

/** The policy variable for the thing that is connected. */
export const thisThing = '${iot:Connection.Thing.ThingName}';

/** The light of the system sketch: its own `<thing>/data` to publish, its own `<thing>/command` to hear. */
export const lightPolicy = policyDocument(
  allow('iot:Connect', `arn:aws:iot:*:*:client/${thisThing}`),
  allow('iot:Publish', `arn:aws:iot:*:*:topic/${thisThing}/data`),
  allow('iot:Subscribe', `arn:aws:iot:*:*:topicfilter/${thisThing}/command`),
  allow('iot:Receive', `arn:aws:iot:*:*:topic/${thisThing}/command`),
);

export interface Identity {
  readonly certificateArn: string;
  readonly certificateId: string;
  readonly certFile: string;
  readonly keyFile: string;
  readonly caFile: string;
}

export interface Device extends Identity {
  readonly thingName: string;
  readonly policyName: string;
}

/** The account and region a client speaks for; without one, those of `credentials.json`. */
export interface Scope {
  readonly accessKeyId: string;
  readonly region: string;
}

export function iotClient(thingd: Thingd, scope?: Scope): IoTClient {
  const { accessKeyId, secretAccessKey, region } = thingd.credentials;
  return new IoTClient({
    endpoint: thingd.endpoints.http.url,
    region: scope?.region ?? region,
    credentials: scope
      ? { accessKeyId: scope.accessKeyId, secretAccessKey: 'any secret' }
      : { accessKeyId, secretAccessKey },
    maxAttempts: 1,
  });
}

/** A certificate, ACTIVE, with its files on disk and nothing attached. */
export async function createCertificate(thingd: Thingd, iot: IoTClient): Promise<Identity> {
  const created = await iot.send(new CreateKeysAndCertificateCommand({ setAsActive: true }));
  const directory = await temporaryDirectory('thingd-device-');
  const certFile = join(directory, 'certificate.pem');
  const keyFile = join(directory, 'private.key');
  await writeFile(certFile, created.certificatePem!);
  await writeFile(keyFile, created.keyPair!.PrivateKey!, { mode: 0o600 });
  return {
    certificateArn: created.certificateArn!,
    certificateId: created.certificateId!,
    certFile,
    keyFile,
    caFile: thingd.caFile,
  };
}

/** A thing, its certificate and its policy `<thingName>-policy`. */
export async function createDevice(
  thingd: Thingd,
  thingName: string,
  document: string = anything,
  iot: IoTClient = iotClient(thingd),
): Promise<Device> {
  const identity = await createCertificate(thingd, iot);
  const policyName = `${thingName}-policy`;
  await iot.send(new CreatePolicyCommand({ policyName, policyDocument: document }));
  await iot.send(new AttachPolicyCommand({ policyName, target: identity.certificateArn }));
  await iot.send(new CreateThingCommand({ thingName }));
  await iot.send(new AttachThingPrincipalCommand({ thingName, principal: identity.certificateArn }));
  return { ...identity, thingName, policyName };
}

/** What `tls.connect` and the `mqtt` package take. */
export function tlsFiles(identity: Identity): { readonly ca: Buffer; readonly cert: Buffer; readonly key: Buffer } {
  return {
    ca: readFileSync(identity.caFile),
    cert: readFileSync(identity.certFile),
    key: readFileSync(identity.keyFile),
  };
}
