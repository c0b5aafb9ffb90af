/** What the broker asks of whoever knows the clients: may this one connect, and what may it do then. */
import type { Connect, UserProperties } from '../codec/packet.ts';
import type { ReasonCode } from '../codec/reason-code.ts';

/** Where a connection came from, as its listener knows it. */
export interface Origin {
  /** The listener's name: `mqtt`, `mqtts`, `ws`, … */
  readonly listener: string;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** Where it arrived. */
  readonly localAddress: string;
  readonly localPort: number;
  readonly secure: boolean;
  /** TLS only: the server name the client asked for (SNI), and the protocol agreed (ALPN). */
  readonly serverName: string | undefined;
  readonly alpnProtocol: string | undefined;
  /** TLS only: the client's certificate in DER. Possession of its key is proven; whether to trust it is the authenticator's to say. */
  readonly peerCertificate: Buffer | undefined;
  /** Whatever an upgrade handler has already established, such as a caller whose presigned URL it verified. */
  readonly identity: unknown;
}

export interface Admission {
  readonly admitted: true;
  /** The topic space this client lives in; nothing crosses between realms. */
  readonly realm: string;
  /** A stable name for who this is. */
  readonly principal: string;
  readonly authorizer: Authorizer;
  /** What an MQTT 5 client that asks for it is told to build its response topics from. [MQTT5 3.2.2.3.15] */
  readonly responseInformation?: string;
}

export interface Refusal {
  readonly admitted: false;
  readonly reasonCode: ReasonCode;
  /** For the log and, where the profile allows it, the MQTT 5 reason string. */
  readonly reason: string;
}

export interface Authenticator {
  /** Decides a CONNECT whole: who it is, whether it may use this client id, and whether its will may be published. */
  authenticate(connect: Connect, origin: Origin): Admission | Refusal | Promise<Admission | Refusal>;
}

/**
 * What one connection may do. Synchronous, because it stands on the message path; the broker remembers each answer until
 * `generation` changes, so a repeated publish to the same topic costs one look-up.
 */
export interface Authorizer {
  /** Goes up whenever an earlier answer may no longer hold. */
  readonly generation: number;
  /** False where answers depend on the time of day or the like: then nothing is remembered. */
  readonly cacheable: boolean;
  publish(topic: string, retain: boolean): boolean;
  /** `filter` is the literal text of the SUBSCRIBE, `$share/…` included. */
  subscribe(filter: string): boolean;
  /** `shareName` is the group of a shared subscription, if the delivery is for one. */
  receive(topic: string, shareName: string | undefined): boolean;
  /** Added to every message the client publishes; read anew for each, so that it may change. */
  readonly userProperties?: UserProperties | undefined;
  /** Why the latest `false` about this topic or filter, in words for the client; asked where the profile has `explainDenials`. */
  whyNot?(action: 'publish' | 'subscribe', topicOrFilter: string): string | undefined;
}
