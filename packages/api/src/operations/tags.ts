/** Tags on whatever carries them. */
import type { Tags } from '@thingd/core';
import type { IotHandlers } from './operation.ts';

export interface TagServices {
  readonly tags: Tags;
}

export const tagOperations = ({ tags }: TagServices): IotHandlers => ({
  async TagResource({ resourceArn, tags: given }, { realm }) {
    await tags.tag(realm, resourceArn, given);
  },

  async UntagResource({ resourceArn, tagKeys }, { realm }) {
    await tags.untag(realm, resourceArn, tagKeys);
  },

  async ListTagsForResource({ resourceArn, nextToken: token }, { realm }) {
    const { items, nextToken } = await tags.list(realm, resourceArn, { nextToken: token });
    return { tags: items, nextToken };
  },
});
