/** A client's interest in topics, and the group it shares that interest with. [MQTT5 4.8] */
import type { QoS, SubscribeRequest } from '../codec/packet.ts';
import type { Session } from '../session/session.ts';
import type { StoredSubscription } from '../session/store.ts';

/** Members of one `$share/<shareName>/<filter>`: each message goes to one of them. */
export class SharedGroup {
  readonly shareName: string;
  /** The literal filter, `$share/…`. */
  readonly sharedFilter: string;
  readonly members = new Set<Subscription>();
  /** Whose turn it is, counted over all messages. */
  turn = 0;

  constructor(shareName: string, sharedFilter: string) {
    this.shareName = shareName;
    this.sharedFilter = sharedFilter;
  }
}

export class Subscription implements StoredSubscription {
  readonly session: Session;
  readonly filter: string;
  readonly qos: QoS;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  readonly retainHandling: 0 | 1 | 2;
  readonly subscriptionIdentifier: number | undefined;
  readonly group: SharedGroup | undefined;

  constructor(
    session: Session,
    request: SubscribeRequest,
    subscriptionIdentifier: number | undefined,
    group: SharedGroup | undefined,
  ) {
    this.session = session;
    this.filter = request.filter;
    this.qos = request.qos;
    this.noLocal = request.noLocal;
    this.retainAsPublished = request.retainAsPublished;
    this.retainHandling = request.retainHandling;
    this.subscriptionIdentifier = subscriptionIdentifier;
    this.group = group;
  }
}
