/** What HTTPS may do with messages, done by the broker. */
import type { Messages } from '@thingd/api';
import { MqttError, type RealmHandle } from '@thingd/broker';
import { type Realm, ServiceError } from '@thingd/core';

export const brokerMessages = (open: (realm: Realm) => RealmHandle, limits: Messages['limits']): Messages => ({
  limits,
  async publish(realm, message) {
    try {
      await open(realm).publish(message);
    } catch (error) {
      // The topic has been checked: what is left is that the realm retains as much as it may.
      if (error instanceof MqttError) throw new ServiceError('ThrottlingException', error.message);
      throw error;
    }
  },
  retained: (realm, topic) => open(realm).retained(topic),
  retainedMessages: realm => open(realm).retainedMessages(),
});
