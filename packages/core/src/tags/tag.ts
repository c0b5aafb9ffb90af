/** A tag: a name and a value an owner hangs on a resource. */
import { ServiceError } from '../errors.ts';

/** Spelled as AWS spells it. */
export interface Tag {
  readonly Key: string;
  readonly Value?: string | undefined;
}

/** Throws `InvalidRequestException` for keys that AWS keeps for itself, keys given twice, and too many tags at once. */
export function checkTags(tags: readonly Tag[], limits: { tagsOfResource: number }): void {
  const keys = new Set<string>();
  for (const { Key } of tags) {
    if (Key.toLowerCase().startsWith('aws:')) throw invalid(`tag key \`${Key}\` must not begin with \`aws:\``);
    if (keys.has(Key)) throw invalid(`tag key \`${Key}\` is given twice`);
    keys.add(Key);
  }
  if (keys.size > limits.tagsOfResource) {
    throw invalid(`${keys.size} tags are more than the ${limits.tagsOfResource} a resource may have`);
  }
}

const invalid = (message: string) => new ServiceError('InvalidRequestException', message);
