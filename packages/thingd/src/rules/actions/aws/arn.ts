/** What of an ARN says where to call. */

/** Undefined if it names none, or is no ARN. */
export const regionOfArn = (arn: string): string | undefined => /^arn:[\w-]+:[\w-]+:([\w-]+):/.exec(arn)?.[1];
