/**
 * One client's connection: its bytes in, its packets dispatched, its bytes out, and how it ends.
 *
 * What a packet means is said in the file of its family; what outlives the connection is the session's.
 */
import type { Broker } from '../broker.ts';
import { decodePacket } from '../codec/decode.ts';
import { encodePacket } from '../codec/encode.ts';
import { FrameReader, type FrameSink } from '../codec/frame.ts';
import type { Packet, ProtocolVersion, Will } from '../codec/packet.ts';
import { MqttError, protocolError, ReasonCode } from '../codec/reason-code.ts';
import type { ConnectionInfo, DropCause } from '../observer.ts';
import { connectBytesOf } from '../profile.ts';
import type { Publisher } from '../router/message.ts';
import { RouteCache } from '../router/route.ts';
import { leaveSession } from '../session/lifecycle.ts';
import type { Session } from '../session/session.ts';
import { handleAcknowledgement, handlePubrel, pubackByte, pubrelByte } from './acknowledge.ts';
import type { Authorizer, Origin } from './authenticator.ts';
import { beginConnect, refuseBadConnect } from './connect.ts';
import { handleDisconnect } from './disconnect.ts';
import { type Ending, goodbye, lost, untaken } from './ending.ts';
import { Output } from './output.ts';
import { handlePublish } from './publish.ts';
import { RateLimit } from './rate-limit.ts';
import { finalReason } from './reason.ts';
import type { RetainedBacklog } from './retained-backlog.ts';
import type { ByteStream, StreamReceiver } from './stream.ts';
import { handleSubscribe, handleUnsubscribe } from './subscribe.ts';

export const Phase = { new: 0, authenticating: 1, connected: 2, ended: 3 } as const;
export type Phase = (typeof Phase)[keyof typeof Phase];

/** Why reading is held back; each is a bit, and reading goes on when none is left. */
export const Hold = { authenticating: 1, output: 2, store: 4, acknowledgements: 8, rate: 16 } as const;

/** Topics whose routes one publisher keeps. */
const routesPerConnection = 64;

/** What a transport may add to a CONNECT: the headers of a hundred frames of WebSocket, more than any client cuts it into. [RFC 6455, 5.2] */
const aroundConnect = 100 * 14;

const pingresp = Buffer.from([0xd0, 0]);

export class Connection implements StreamReceiver, FrameSink, ConnectionInfo {
  readonly broker: Broker;
  readonly id: number;
  readonly origin: Origin;
  readonly stream: ByteStream;
  readonly output: Output;
  readonly reader: FrameReader;
  phase: Phase = Phase.new;
  readonly openedAt: number;
  /** When the last chunk came, and the last whole packet; milliseconds since the epoch. */
  readAt: number;
  packetAt: number;

  // Agreed in CONNECT; see `accept` there.
  version: ProtocolVersion = 4;
  /** Bits of a first byte that mean nothing where it is not a PUBLISH. */
  ignoredFlags = 0;
  session!: Session;
  authorizer!: Authorizer;
  principal = '';
  cleanStart = true;
  keepAlive = 0;
  connectedAt = 0;
  will: Will | undefined;
  /** PUBLISH packets the client takes unacknowledged. [MQTT-3.3.4-9] */
  window = 65_535;
  /** Bytes of the largest packet the client takes. */
  maximumPacketSize = Number.POSITIVE_INFINITY;
  problemInformation = true;

  readonly routes = new RouteCache(routesPerConnection);
  inboundAliases: Map<number, string> | undefined;
  outboundAliases: Map<string, number> | undefined;
  outboundAliasMaximum = 0;
  retainedBacklog: RetainedBacklog | undefined;
  readonly rate: RateLimit | undefined;
  publisher: Publisher = { clientId: '', principal: '' };
  /** QoS 2 packet ids its session had received before, which do not count against the receive maximum. [MQTT5 4.9] */
  receivedBefore = 0;
  /** QoS 1 publishes whose PUBACK waits for the store or a handler. */
  unacknowledged = 0;
  /** Acknowledgements of any kind that wait for the store. */
  #waiting = 0;
  #held = 0;
  /** What waited for the client when `isSilent` was last asked. */
  #untaken = -1;
  /** Gone, but still told what the store acknowledges. */
  #lingers = false;
  #begun = false;
  /** Packets that came with the CONNECT while its authentication takes time. */
  #early: Buffer[] = [];

  constructor(broker: Broker, id: number, stream: ByteStream, origin: Origin) {
    const { profile } = broker;
    this.broker = broker;
    this.id = id;
    this.stream = stream;
    this.origin = origin;
    this.output = new Output(stream, broker.flusher, broker.metrics, profile.maxOutputBytes, this);
    this.reader = new FrameReader(connectBytesOf(profile));
    this.openedAt = this.readAt = this.packetAt = broker.now();
    const limited = profile.maxPublishesPerSecond > 0 || profile.maxBytesPerSecond > 0;
    this.rate = limited ? new RateLimit(profile) : undefined;
  }

  get realm(): string {
    return this.session.key.realm;
  }

  get clientId(): string {
    return this.session.key.clientId;
  }

  get protocolVersion(): ProtocolVersion {
    return this.version;
  }

  get sessionExpiryInterval(): number {
    return this.session.sessionExpiryInterval;
  }

  get isConnected(): boolean {
    return this.phase === Phase.connected;
  }

  /** More waits for this client's socket than the profile allows; `relieved` follows when it does not. */
  get congested(): boolean {
    return this.output.congested;
  }

  // — bytes in —

  read(chunk: Buffer): void {
    if (this.phase === Phase.ended) return;
    const { broker } = this;
    this.readAt = broker.now();
    broker.metrics.bytesIn += chunk.length;
    broker.flusher.begin();
    const before = broker.journal.demand;
    try {
      // Whoever speaks another protocol learns it now, not when its first bytes have been waited for as a packet.
      if (this.phase === Phase.new && !this.#begun && chunk[0]! >> 4 !== 1) throw protocolError('not MQTT');
      this.#begun = true;
      this.reader.read(chunk, this);
      this.#holdBack(chunk.length, before);
    } catch (error) {
      this.fail(error);
    } finally {
      broker.flusher.end();
    }
  }

  /** Stops reading for whatever of what was just read is too much; `before` is where the journal stood. */
  #holdBack(bytes: number, before: number): void {
    if (this.rate?.isOverBytes(bytes, this.readAt)) this.hold(Hold.rate);
    if (this.congested) this.hold(Hold.output);
    const { journal } = this.broker;
    // Who adds nothing to what the store has before it, such as one that only says it is there, is heard all the same.
    if (journal.congested && journal.demand !== before) {
      this.hold(Hold.store);
      journal.hold(this);
    }
  }

  /** INVARIANT: whoever has not said CONNECT has no more kept for it than one may be long, whatever carries it. */
  gathers(bytes: number): boolean {
    if (this.phase === Phase.new && bytes > connectBytesOf(this.broker.profile) + aroundConnect) {
      this.fail(new MqttError(ReasonCode.packetTooLarge, 'the CONNECT is too large'));
      this.stream.destroy();
    }
    return this.phase === Phase.new;
  }

  drained(): void {
    this.output.relieve();
  }

  relieved(): void {
    if (this.phase !== Phase.connected) return;
    this.session.outbound.pump();
    this.release(Hold.output);
  }

  ended(): void {
    this.end(lost);
  }

  closed(saidGoodbye = false): void {
    // AWS: Lifecycle events, CLIENT_INITIATED_DISCONNECT: by "a Close frame if the client is using a WebSocket connection".
    if (saidGoodbye && this.broker.profile.closeFrameDisconnects) this.end(goodbye);
    else this.end(lost);
    this.broker.gone(this);
  }

  frame(firstByte: number, buffer: Buffer, packetStart: number, bodyStart: number, end: number): boolean {
    this.packetAt = this.readAt;
    switch (this.phase) {
      case Phase.connected:
        if (firstByte >> 4 === 3) handlePublish(this, firstByte, buffer, packetStart, bodyStart, end);
        else this.#handle(decodePacket(firstByte & ~this.ignoredFlags, buffer, bodyStart, end, this.version));
        break;
      case Phase.new:
        beginConnect(this, firstByte, buffer, bodyStart, end);
        break;
      case Phase.authenticating:
        this.#early.push(Buffer.from(buffer.subarray(packetStart, end)));
        break;
      case Phase.ended:
        break;
      default:
        return this.phase satisfies never;
    }
    return (this.phase as Phase) !== Phase.ended;
  }

  /** Goes on with what the client sent right behind its CONNECT. [MQTT-3.1.4-5] */
  replayEarly(): void {
    const early = this.#early;
    this.#early = [];
    const reader = new FrameReader(this.reader.maximumPacketSize);
    try {
      for (const packet of early) reader.read(packet, this);
    } catch (error) {
      this.fail(error);
    }
  }

  #handle(packet: Packet): void {
    switch (packet.type) {
      case 'puback':
      case 'pubrec':
      case 'pubcomp':
        return handleAcknowledgement(this, packet);
      case 'pubrel':
        return handlePubrel(this, packet);
      case 'subscribe':
        return handleSubscribe(this, packet);
      case 'unsubscribe':
        return handleUnsubscribe(this, packet);
      case 'pingreq':
        return this.output.copy(pingresp, 0, 2, 0, 0, false);
      case 'disconnect':
        return handleDisconnect(this, packet);
      case 'connect':
        throw protocolError('a second CONNECT'); // [MQTT-3.1.0-2]
      case 'auth':
        throw protocolError('AUTH without an authentication method'); // [MQTT-4.12.0-6]
      default:
        throw protocolError(`a client does not send ${packet.type.toUpperCase()}`);
    }
  }

  // — reading held back —

  hold(reason: number): void {
    if (this.phase === Phase.ended) return;
    if (this.#held === 0) this.stream.pause();
    this.#held |= reason;
    if (reason === Hold.rate) this.broker.throttled.add(this);
  }

  release(reason: number): void {
    if ((this.#held & reason) === 0) return;
    this.#held &= ~reason;
    if (this.#held !== 0 || this.phase === Phase.ended) return;
    this.packetAt = this.broker.now();
    this.stream.resume();
  }

  /**
   * Nothing was heard for one and a half times the keep-alive: whether that is the client's doing. While reading is held back it may
   * have said what it likes, and its time begins anew; only one that took nothing meanwhile of what waits for it is given up.
   */
  isSilent(now: number): boolean {
    if (this.#held === 0) return true;
    const untaken = this.stream.writableLength;
    const isStuck = this.#held === Hold.output && untaken === this.#untaken;
    this.#untaken = untaken;
    this.packetAt = now;
    return isStuck;
  }

  storeCaughtUp(): void {
    this.release(Hold.store);
  }

  // — packets out —

  /** Whether it is no larger than the client takes. [MQTT-3.1.2-24] */
  takes(packet: Packet): boolean {
    return (
      this.maximumPacketSize === Number.POSITIVE_INFINITY ||
      encodePacket(packet, this.version).length <= this.maximumPacketSize
    );
  }

  /** One that the client does not take ends the connection: it would wait for its answer in vain. */
  send(packet: Packet): void {
    const bytes = encodePacket(packet, this.version);
    if (bytes.length > this.maximumPacketSize) return this.end(untaken);
    this.output.copy(bytes, 0, bytes.length, 0, 0, false);
  }

  /**
   * A four-byte acknowledgement: now, or, if what it acknowledges is yet to be stored, after that; in order. [MQTT-4.6.0-2]
   *
   * `stores` says that this packet changed what must survive. A step of a QoS 2 exchange may repeat one that did. `turn` is the one
   * in which the packet was read.
   */
  acknowledge(firstByte: number, packetId: number, stores: boolean, turn = this.broker.flusher.turn): void {
    const repeats = firstByte !== pubackByte && this.session.durable && !this.broker.journal.idle;
    if (!stores && !repeats && this.#waiting === 0) return this.#writeAcknowledgement(firstByte, packetId, turn);
    this.#waiting += 1;
    if (firstByte === pubackByte) this.awaitAcknowledgement();
    this.broker.journal.acknowledge(this, firstByte, packetId, turn);
  }

  /** INVARIANT: a client that is not told the receive maximum is not read from while it is reached. */
  awaitAcknowledgement(): void {
    this.unacknowledged += 1;
    if (this.unacknowledged >= this.broker.profile.receiveMaximum) this.hold(Hold.acknowledgements);
  }

  acknowledgeNow(firstByte: number, packetId: number, turn: number): void {
    this.#waiting -= 1;
    if (this.mayAnswer) this.#writeAcknowledgement(firstByte, packetId, turn);
    if (firstByte === pubackByte) this.acknowledged();
    else this.#leaveWhenDone();
  }

  /** Whether acknowledgements still go out. */
  get mayAnswer(): boolean {
    return this.phase === Phase.connected || this.#lingers;
  }

  #writeAcknowledgement(firstByte: number, packetId: number, turn: number): void {
    this.output.acknowledge(firstByte, packetId);
    // PUBACK and PUBREC answer a PUBLISH.
    if (firstByte < pubrelByte) this.broker.flusher.acknowledged(turn);
  }

  acknowledged(): void {
    this.unacknowledged -= 1;
    this.release(Hold.acknowledgements);
    this.#leaveWhenDone();
  }

  #leaveWhenDone(): void {
    if (!this.#lingers || this.#waiting > 0 || this.unacknowledged > 0) return;
    this.#lingers = false;
    this.output.flush();
    this.stream.end();
  }

  /** Continues with retained messages a subscription is still owed. */
  sendRetained(): void {
    if (this.retainedBacklog?.send()) this.retainedBacklog = undefined;
  }

  mayReceive(topic: string, sharedFilter: string | undefined): boolean {
    const shareName = sharedFilter?.slice('$share/'.length, sharedFilter.indexOf('/', '$share/'.length));
    if (this.authorizer.receive(topic, shareName)) return true;
    this.broker.receiveDenied(this, topic);
    return false;
  }

  dropped(topic: string, cause: DropCause): void {
    this.broker.metrics.messagesDropped += 1;
    this.broker.observer.dropped?.(this.realm, this.clientId, topic, cause);
  }

  // — the end —

  /** Ends the connection for what was thrown: the client's fault, or ours. */
  fail(error: unknown): void {
    const isMqtt = error instanceof MqttError;
    if (isMqtt) this.broker.metrics.protocolErrors += 1;
    else this.broker.observer.failed?.(error, 'connection');
    const reasonCode = isMqtt ? error.reasonCode : ReasonCode.unspecifiedError;
    const reason = isMqtt ? error.message : 'the broker failed';
    if (this.phase === Phase.new) return refuseBadConnect(this, { admitted: false, reasonCode, reason });
    this.end({ disconnectReason: isMqtt ? 'CLIENT_ERROR' : 'SERVER_ERROR', reasonCode, reason });
  }

  end(ending: Ending): void {
    const { phase } = this;
    if (phase === Phase.ended) return;
    this.phase = Phase.ended;
    const { clientInitiated = false, dropWill = false, disconnectReason, reasonCode, reason } = ending;
    if (phase === Phase.connected) {
      if (this.version === 5 && !clientInitiated && disconnectReason !== 'CONNECTION_LOST') {
        this.send({ type: 'disconnect', reasonCode, properties: finalReason(this, reason) });
      }
      this.retainedBacklog?.abandon();
      this.retainedBacklog = undefined;
      if (this.will !== undefined) this.broker.journal.willOver(this.session.key);
      leaveSession(this.session, dropWill ? undefined : this.will);
      this.broker.observer.disconnected?.(this, { disconnectReason, clientInitiated, reasonCode, reason });
    }
    this.broker.left(this);
    // What was gathered goes out, then the goodbye; a peer that does not answer it is cut off by the next sweeps.
    this.output.flush();
    if (this.#held !== 0) this.stream.resume();
    // One that says goodbye, or nothing more, right behind a publish is told all the same that it is kept.
    this.#lingers = phase === Phase.connected && (clientInitiated || ending === lost);
    if (this.#lingers) this.#leaveWhenDone();
    else this.stream.end();
  }
}
