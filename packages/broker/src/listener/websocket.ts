/** MQTT over WebSocket: binary frames that may split and join packets at will. [MQTT5 6] */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Broker } from '../broker.ts';
import type { Origin } from '../connection/authenticator.ts';
import type { ByteStream, StreamReceiver } from '../connection/stream.ts';
import { originOf, secureOriginOf } from './socket-stream.ts';

export interface WebSocketOptions {
  /** As it stands in `Origin.listener`. Default `ws`. */
  readonly name?: string;
  /** Subprotocols spoken; the first the client offers is chosen. [MQTT-6.0.0-3] */
  readonly protocols?: readonly string[];
}

/** Takes an HTTP server's `upgrade` event; `identity` becomes `Origin.identity`. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer, identity?: unknown) => void;

/** An upgrade handler for any HTTP server. Which paths are MQTT, and who may upgrade, is for the caller to say. */
export function webSocketUpgrade(broker: Broker, options: WebSocketOptions = {}): UpgradeHandler {
  const { name = 'ws', protocols = ['mqtt', 'mqttv3.1'] } = options;
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: broker.profile.maxPacketBytes,
    handleProtocols: offered => [...offered].find(protocol => protocols.includes(protocol)) ?? false,
  });
  return (request, socket, head, identity) => {
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map(protocol => protocol.trim());
    if (!offered.some(protocol => protocols.includes(protocol))) {
      refuseUpgrade(socket, '400 Bad Request');
      return;
    }
    server.handleUpgrade(request, socket, head, webSocket => {
      broker.accept(new WebSocketStream(webSocket, socket), webSocketOrigin(name, request, identity));
    });
  };
}

/**
 * Answers an upgrade with a status such as `403 Forbidden`, and lets go of the connection. The HTTP server is done with it: nobody
 * else hears its errors, or ends what the peer keeps open.
 */
export function refuseUpgrade(socket: Duplex, status: string): void {
  socket.on('error', () => {});
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function webSocketOrigin(name: string, request: IncomingMessage, identity: unknown): Origin {
  const { socket } = request;
  const secure = (socket as TLSSocket).encrypted === true;
  const origin = secure ? secureOriginOf(name, socket as TLSSocket) : originOf(name, socket);
  return { ...origin, identity };
}

/** What `ws` reports when a connection ends without a Close frame. [RFC 6455, 7.1.5] */
const noCloseFrame = 1006;

class WebSocketStream implements ByteStream {
  readonly #webSocket: WebSocket;
  #receiver: StreamReceiver | undefined;
  #waiting = false;
  /** This side closes first. */
  #closing = false;

  constructor(webSocket: WebSocket, socket: Duplex) {
    this.#webSocket = webSocket;
    let bytes = 0;
    // `ws` hands a message on when all of it is there, and knows one bound for all messages.
    const count = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (!this.#receiver?.gathers(bytes)) socket.off('data', count);
    };
    socket.on('data', count);
  }

  get writableLength(): number {
    return this.#webSocket.bufferedAmount;
  }

  attach(receiver: StreamReceiver): void {
    const webSocket = this.#webSocket;
    this.#receiver = receiver;
    webSocket.on('message', (data, isBinary) => {
      if (isBinary) receiver.read(data as Buffer);
      else this.#close(1003, 'MQTT is binary'); // [MQTT-6.0.0-1]
    });
    webSocket.on('error', () => {});
    webSocket.on('close', code => receiver.closed(!this.#closing && code !== noCloseFrame));
  }

  write(bytes: Buffer): void {
    const webSocket = this.#webSocket;
    if (webSocket.readyState !== webSocket.OPEN) return;
    // `ws` has no drain event, but calls back for each message the socket has taken.
    webSocket.send(bytes, this.#taken);
    if (webSocket.bufferedAmount > 0) this.#waiting = true;
  }

  pause(): void {
    this.#webSocket.pause();
  }

  resume(): void {
    this.#webSocket.resume();
  }

  end(): void {
    this.#close(1000);
  }

  destroy(): void {
    this.#webSocket.terminate();
  }

  #close(code: number, reason?: string): void {
    this.#closing = true;
    this.#webSocket.close(code, reason);
  }

  readonly #taken = (): void => {
    if (!this.#waiting || this.#webSocket.bufferedAmount > 0) return;
    this.#waiting = false;
    this.#receiver?.drained();
  };
}
