/** The keys that sign API calls: what they are made of and how they are compared. */
import { randomBytes, randomInt, timingSafeEqual } from 'node:crypto';

/** A caller of the API: one account's, allowed what its policy allows. */
export interface AccessKey {
  readonly accessKeyId: string;
  /** Kept readable, since a signature is checked by making it again. */
  readonly secretAccessKey: string;
  readonly accountId: string;
  /** An IoT policy document as JSON text. */
  readonly policyDocument: string;
  /** Milliseconds since the epoch. */
  readonly createDate: number;
}

/** What a key may do unless told otherwise. */
export const allowEverything = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'iot:*', Resource: '*' }],
});

const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** `AKIA` and 16 more, as AWS writes the ids of long-term keys. */
export function newAccessKeyId(): string {
  let accessKeyId = 'AKIA';
  for (let index = 0; index < 16; index++) accessKeyId += base32[randomInt(base32.length)];
  return accessKeyId;
}

/** 40 characters of base64: 240 random bits. */
export const newSecretAccessKey = (): string => randomBytes(30).toString('base64');

/** Whether two texts are equal, in a time that tells nothing of where they differ; their lengths are no secret. */
export function equalInConstantTime(one: string, other: string): boolean {
  const [bytes, otherBytes] = [Buffer.from(one), Buffer.from(other)];
  return bytes.length === otherBytes.length && timingSafeEqual(bytes, otherBytes);
}
