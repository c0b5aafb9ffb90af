/** The access keys of one account, as its operator handles them: made with a policy, listed without secrets, taken back. */
import { type AccessKeys, ServiceError } from '@thingd/core';

/** An access key as lists show it. */
export interface AccessKeyEntry {
  readonly accessKeyId: string;
  readonly accountId: string;
  /** Milliseconds since the epoch. */
  readonly createDate: number;
  readonly policyDocument: string;
}

/** Shown once. */
export interface CreatedAccessKey extends AccessKeyEntry {
  readonly secretAccessKey: string;
}

export interface AccountKeys {
  /** Without a policy document the key may do everything of IoT. Throws `MalformedPolicyException`. */
  create(policyDocument?: string): Promise<CreatedAccessKey>;
  list(): Promise<readonly AccessKeyEntry[]>;
  /** Throws `ResourceNotFoundException`, also for a key of another account. */
  delete(accessKeyId: string): Promise<void>;
}

export const accountKeys = (accessKeys: AccessKeys, accountId: string): AccountKeys => ({
  create: policyDocument => accessKeys.create({ accountId, policyDocument }),
  async list() {
    const entries: AccessKeyEntry[] = [];
    let nextToken: string | undefined;
    do {
      const page = await accessKeys.list({ nextToken }, accountId);
      for (const { secretAccessKey: _, ...key } of page.items) entries.push(key);
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
    return entries;
  },
  async delete(accessKeyId) {
    const key = await accessKeys.find(accessKeyId);
    if (key?.accountId !== accountId) {
      throw new ServiceError('ResourceNotFoundException', `access key \`${accessKeyId}\` does not exist`);
    }
    await accessKeys.delete(accessKeyId);
  },
});
