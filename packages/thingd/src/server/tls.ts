/**
 * One TLS stack for every secure port: a client certificate is asked for and never demanded by TLS itself, and what is spoken
 * inside is told by ALPN, or else by the first byte. So 8883, 8443 and 443 differ only in what they serve.
 */
import type { IncomingMessage } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { TLSSocket, TlsOptions, Server as TlsServer } from 'node:tls';
import type { ServerKeyAndCertificate } from '../certificates/index.ts';

/** AWS: "Device communication protocols", application layer protocols. */
const mqttProtocols = ['x-amzn-mqtt-ca', 'mqtt'];
const httpProtocols = ['x-amzn-http-ca', 'http/1.1'];

/** First byte of a CONNECT packet; HTTP begins with a letter. [MQTT-3.1.0-1] */
const connectPacket = 0x10;

/** Milliseconds for the handshake, and again for the first byte where ALPN has not told the protocol. */
const patience = 10_000;

/** Handshakes going on at one port; with one more the oldest is given up. */
const maxHandshakes = 2000;

export const tlsOptions = (certificate: ServerKeyAndCertificate, { http }: { http: boolean }): TlsOptions => ({
  ...certificate,
  minVersion: 'TLSv1.2',
  // Without `ca` no names of authorities are sent, so clients present whatever certificate they have. TLS proves that they
  // hold its key; whether it is registered is asked afterwards.
  requestCert: true,
  rejectUnauthorized: false,
  ALPNProtocols: http ? [...mqttProtocols, ...httpProtocols] : mqttProtocols,
  handshakeTimeout: patience,
});

export interface SecureProtocols {
  mqtt(socket: TLSSocket): void;
  /** Absent where only MQTT is served. */
  readonly http?: (socket: TLSSocket) => void;
}

/** Hands each secured connection to who speaks its protocol. */
export function serveSecure(server: TlsServer | HttpsServer, protocols: SecureProtocols): void {
  limitHandshakes(server);
  // Node reports a handshake that failed or took too long, and leaves the socket to us.
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  server.on('secureConnection', (socket: TLSSocket) => {
    // A peer that is gone is told of by 'close'; without a listener its error would end the program.
    socket.on('error', () => {});
    const { http } = protocols;
    const alpn = socket.alpnProtocol || undefined;
    if (http === undefined || (alpn !== undefined && mqttProtocols.includes(alpn))) return protocols.mqtt(socket);
    if (alpn !== undefined) return http(socket);
    byFirstByte(socket, protocols.mqtt, http);
  });
}

function byFirstByte(socket: TLSSocket, mqtt: (socket: TLSSocket) => void, http: (socket: TLSSocket) => void): void {
  const timer = setTimeout(() => socket.destroy(), patience);
  socket.once('close', () => clearTimeout(timer));
  const read = () => {
    const chunk: Buffer | null = socket.read();
    if (chunk === null) return;
    clearTimeout(timer);
    socket.off('readable', read);
    socket.unshift(chunk);
    if (chunk[0] === connectPacket) mqtt(socket);
    else http(socket);
  };
  socket.on('readable', read);
}

function limitHandshakes(server: TlsServer): void {
  const handshakes = new Map<string, Socket>();
  server.on('connection', (socket: Socket) => {
    const peer = peerOf(socket);
    handshakes.set(peer, socket);
    socket.once('close', () => handshakes.delete(peer));
    if (handshakes.size > maxHandshakes) handshakes.values().next().value?.destroy();
  });
  server.on('secureConnection', (socket: TLSSocket) => handshakes.delete(peerOf(socket)));
}

/** The same for a TLS socket and the plain one beneath it. */
const peerOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;

/** Whether a request came over TLS. */
export const isSecure = ({ socket }: IncomingMessage): boolean => 'encrypted' in socket;
