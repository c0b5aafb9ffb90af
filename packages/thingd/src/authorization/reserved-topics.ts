/** What no policy can allow: to speak in the place of a service of ours. A policy itself, so that denials explain themselves. */
import { type CompiledPolicy, compilePolicy, parsePolicy } from '@thingd/core';

const topics = (prefix: string, endings: readonly string[]): string[] =>
  endings.map(ending => `arn:*:iot:*:*:topic/${prefix}/*${ending}`);

/**
 * AWS: "Reserved topics" names the service as the publisher of these; what it does with a device that publishes there is not
 * documented. A forged answer would deceive every subscriber, so it is refused.
 */
export const reservedTopics: CompiledPolicy = compilePolicy(
  'reserved-topics',
  parsePolicy(
    JSON.stringify({
      Version: '2012-10-17',
      Statement: {
        Sid: 'OnlyTheShadowServiceAnswers',
        Effect: 'Deny',
        Action: 'iot:Publish',
        Resource: topics('$aws/things/*/shadow', ['/accepted', '/rejected', 'update/delta', 'update/documents']),
      },
    }),
  ),
);
