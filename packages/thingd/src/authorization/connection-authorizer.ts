/** What one connection may do: the broker's questions put to its policies, bound to this client, this thing, this certificate. */
import type { Authorizer, UserProperties } from '@thingd/broker';
import { type BoundPolicies, decideReceive, type Explanation, iotArn, type Realm } from '@thingd/core';
import { denialSentence } from './denial-sentence.ts';

/** The thing a connection is taken for. */
export interface ConnectedThing {
  readonly thingName: string;
  /** The certificate is this thing's alone: only then do lifecycle events name it. */
  readonly isExclusive: boolean;
  /** What its type adds to each of its messages. */
  readonly userProperties?: UserProperties | undefined;
}

export class ConnectionAuthorizer implements Authorizer {
  readonly realm: Realm;
  generation = 0;
  #bound: BoundPolicies;
  #thing: ConnectedThing | undefined;
  #latest: Explanation | undefined;
  readonly #topicArn: string;
  readonly #filterArn: string;

  constructor(realm: Realm, bound: BoundPolicies, thing?: ConnectedThing) {
    this.realm = realm;
    this.#bound = bound;
    this.#thing = thing;
    this.#topicArn = iotArn(realm, 'topic/');
    this.#filterArn = iotArn(realm, 'topicfilter/');
  }

  get thing(): ConnectedThing | undefined {
    return this.#thing;
  }

  get userProperties(): UserProperties | undefined {
    return this.#thing?.userProperties;
  }

  get cacheable(): boolean {
    return this.#bound.cacheable;
  }

  /** Permissions have changed: whatever was answered before may no longer hold. */
  rebind(bound: BoundPolicies, thing?: ConnectedThing): void {
    this.#bound = bound;
    this.#thing = thing;
    this.generation++;
  }

  publish(topic: string, retain: boolean): boolean {
    return this.#deniedPublish(topic, retain) === undefined;
  }

  subscribe(filter: string): boolean {
    return this.#bound.decide('iot:Subscribe', this.#filterArn + filter) === 'allowed';
  }

  receive(topic: string, shareName: string | undefined): boolean {
    return decideReceive(this.#bound, this.realm, topic, shareName) === 'allowed';
  }

  connect(clientId: string): boolean {
    return this.#bound.decide('iot:Connect', iotArn(this.realm, `client/${clientId}`)) === 'allowed';
  }

  /**
   * The action and ARN the policies were asked about and said no to; a publish that is denied though
   * `iot:Publish` is allowed was a retained one.
   */
  denied(action: 'connect' | 'publish' | 'subscribe' | 'receive', name: string): DeniedRequest {
    switch (action) {
      case 'connect':
        return { action: 'iot:Connect', resource: iotArn(this.realm, `client/${name}`) };
      case 'publish':
        return { action: this.#deniedPublish(name, true) ?? 'iot:Publish', resource: this.#topicArn + name };
      case 'subscribe':
        return { action: 'iot:Subscribe', resource: this.#filterArn + name };
      case 'receive':
        return { action: 'iot:Receive', resource: this.#topicArn + name };
    }
  }

  explain({ action, resource }: DeniedRequest): Explanation {
    return this.#bound.explain(action, resource);
  }

  /** A denial has been explained, as not every one is: the client may be told. */
  explained(explanation: Explanation | undefined): void {
    this.#latest = explanation;
  }

  whyNot(action: 'publish' | 'subscribe', name: string): string | undefined {
    const { action: asked, resource } = this.denied(action, name);
    const latest = this.#latest;
    return latest?.action === asked && latest.resource === resource ? denialSentence(latest) : undefined;
  }

  /** A retained message needs both permissions. */
  #deniedPublish(topic: string, retain: boolean): string | undefined {
    const resource = this.#topicArn + topic;
    if (this.#bound.decide('iot:Publish', resource) !== 'allowed') return 'iot:Publish';
    if (retain && this.#bound.decide('iot:RetainPublish', resource) !== 'allowed') return 'iot:RetainPublish';
    return undefined;
  }
}

export interface DeniedRequest {
  /** Such as `iot:Publish`. */
  readonly action: string;
  /** A full ARN. */
  readonly resource: string;
}
