/** The broker as the rules' source of messages: a rule's FROM stands in the same tree as every subscription. */
import type { Message, Publisher, RealmHandle } from '@thingd/broker';
import { ArrivedMessage, type MessageProperties, type Realm, type RuleSource } from '@thingd/core';
import { plainAddress } from '../authorization/index.ts';
import { hopsOf } from './hops.ts';
import { RulePublisher } from './rule-publisher.ts';

export class BrokerRuleSource implements RuleSource {
  readonly #open: (realm: Realm) => RealmHandle;
  /** A message calls its rules one after the other; they all get the same object. */
  #last: { readonly message: Message; readonly arrived: ArrivedMessage } | undefined;

  constructor(open: (realm: Realm) => RealmHandle) {
    this.#open = open;
  }

  listen(realm: Realm, filter: string, handler: (message: ArrivedMessage) => void | Promise<void>): () => void {
    const handle = this.#open(realm);
    return handle.handle(filter, message => handler(this.arrived(handle, message)));
  }

  arrived(handle: RealmHandle, message: Message): ArrivedMessage {
    if (this.#last?.message === message) return this.#last.arrived;
    const { topic, payload, qos, publisher } = message;
    const arrived = new ArrivedMessage({
      topic,
      payload,
      qos,
      properties: propertiesOf(message),
      clientId: publisher.clientId || undefined,
      principal: publisher.principal || undefined,
      hops: publisher instanceof RulePublisher ? publisher.hops : hopsOf(message.properties?.userProperties),
      sourceIp: () => addressOf(handle, publisher),
    });
    this.#last = { message, arrived };
    return arrived;
  }
}

function propertiesOf({ properties }: Message): MessageProperties | undefined {
  if (properties === undefined) return undefined;
  const { payloadFormatIndicator, contentType, responseTopic, correlationData, userProperties } = properties;
  return { isUtf8: payloadFormatIndicator === 1, contentType, responseTopic, correlationData, userProperties };
}

/** Known while the client is connected. */
function addressOf(handle: RealmHandle, { clientId }: Publisher): string | undefined {
  const address = clientId === '' ? undefined : handle.connection(clientId)?.origin.remoteAddress;
  return address === undefined ? undefined : plainAddress(address);
}
