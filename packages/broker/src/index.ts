/** An embeddable MQTT 3.1.1 and 5 server: see README.md for an example. */

export { Broker, type BrokerOptions, type DisconnectCause } from './broker.ts';
export type {
  Connect,
  Properties,
  ProtocolVersion,
  QoS,
  SubscribeRequest,
  UserProperties,
  Will,
} from './codec/packet.ts';
export { MqttError, ReasonCode, reasonCodeName } from './codec/reason-code.ts';
export type { Admission, Authenticator, Authorizer, Origin, Refusal } from './connection/authenticator.ts';
export type { ByteStream, StreamReceiver } from './connection/stream.ts';
export { Durations, durationBounds } from './durations.ts';
export type { Listener, ListenOptions } from './listener/listener.ts';
export { MemoryStream } from './listener/memory.ts';
export { originOf, SocketStream, secureOriginOf } from './listener/socket-stream.ts';
export { listenTcp } from './listener/tcp.ts';
export { acceptTls, type ListenTlsOptions, listenTls, type TlsListener } from './listener/tls.ts';
export { refuseUpgrade, type UpgradeHandler, type WebSocketOptions, webSocketUpgrade } from './listener/websocket.ts';
export { BrokerMetrics } from './metrics.ts';
export type {
  BrokerObserver,
  ConnectionInfo,
  Disconnection,
  DisconnectReason,
  DropCause,
  SessionInfo,
} from './observer.ts';
export { neverExpires, type Profile, profiles } from './profile.ts';
export type { DirectDelivery, DisconnectOptions, RealmHandle } from './router/handle.ts';
export type { HandleOptions, MessageHandler } from './router/handler.ts';
export type { Message, OutsideMessage, Publisher } from './router/message.ts';
export { MemoryStore } from './session/memory-store.ts';
export type {
  BrokerStore,
  SessionKey,
  StoreChange,
  StoredDelivery,
  StoredSession,
  StoredSubscription,
  StoredWill,
} from './session/store.ts';
export { checkTopicFilter, checkTopicName, parseSharedFilter, topicMatches } from './topic/topic.ts';
export { TopicTree } from './topic/topic-tree.ts';
