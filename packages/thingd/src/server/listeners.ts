/** The ports: which are bound, what each serves, and how they are let go. */
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Server as NetServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from 'node:tls';
import { acceptTls, type Broker, type Listener, listenTcp } from '@thingd/broker';
import type { ServerKeyAndCertificate } from '../certificates/index.ts';
import { type Address, type Configuration, ConfigurationError, formatAddress } from '../configuration/index.ts';
import type { Endpoints } from './files.ts';
import { serveSecure, tlsOptions } from './tls.ts';

export interface ListenersOptions {
  readonly configuration: Configuration;
  readonly broker: Broker;
  readonly routing: RequestListener;
  readonly upgrade: (request: Parameters<RequestListener>[0], socket: Duplex, head: Buffer) => void;
  readonly certificate: ServerKeyAndCertificate;
  /** Whether a client certificate may live until its CONNECT. */
  readonly mayConnect: (certificate: Buffer) => Promise<boolean>;
  readonly failed: (error: unknown, where: string) => void;
}

export interface Listeners {
  readonly endpoints: Endpoints;
  /** Takes a renewed server certificate into use for connections from now on. */
  renew(certificate: ServerKeyAndCertificate): void;
  /** Accepts no more and ends HTTP; MQTT connections are the broker's to end. */
  close(): Promise<void>;
}

/** A slow request must not hold a connection for ever; between requests clients may rest. */
const patience = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 75_000,
  connectionsCheckingInterval: 2000,
};

/** Answers under way when the program stops have this long, in milliseconds. */
const lastAnswers = 1000;

/** Connections the system may hold until they are accepted. */
const backlog = 4096;

/** Binds every port of the configuration, or none. Rejects with `ConfigurationError` naming the port that is taken. */
export async function openListeners(options: ListenersOptions): Promise<Listeners> {
  const { listeners: addresses, hostname } = options.configuration;
  const servers = new Servers();
  try {
    const http = await bind('http', addresses.http, address => servers.http(createPlain(options), address));
    const https = await bind('https', addresses.https, address => servers.http(createSecure(options), address));
    const mqtts = await bind('mqtts', addresses.mqtts, address => servers.tls(createMqtts(options), address));
    const mqtt = await bind('mqtt', addresses.mqtt, address => servers.mqtt(options.broker, address));
    const endpoints: Endpoints = {
      ...(http && { http: `http://${http}`, ws: `ws://${http}/mqtt` }),
      ...(https && { https: `https://${named(https, hostname)}`, wss: `wss://${named(https, hostname)}/mqtt` }),
      ...(mqtts && { mqtts: `mqtts://${named(mqtts, hostname)}` }),
      ...(mqtt && { mqtt: `mqtt://${mqtt}` }),
      pid: process.pid,
    };
    return { endpoints, renew: certificate => servers.renew(certificate), close: () => servers.close() };
  } catch (error) {
    await servers.close();
    throw error;
  }
}

/** Where the secure ports are bound to every address, clients call them by the name their certificate has. */
const named = (bound: string, hostname: string): string => bound.replace(/^(0\.0\.0\.0|\[::\]):/, `${hostname}:`);

async function bind(
  name: string,
  address: Address | null,
  open: (address: Address) => Promise<AddressInfo>,
): Promise<string | undefined> {
  if (address === null) return undefined;
  try {
    const { port } = await open(address);
    return formatAddress({ host: address.host, port });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const problem = code === 'EADDRINUSE' ? 'the port is in use' : message;
    throw new ConfigurationError(
      `--${name} expects an address it can bind, not \`${formatAddress(address)}\`: ${problem}`,
    );
  }
}

class Servers {
  readonly #http: Server[] = [];
  readonly #tls: TlsServer[] = [];
  #mqtt: Listener | undefined;

  async http(server: Server, address: Address): Promise<AddressInfo> {
    this.#http.push(server);
    if ('setSecureContext' in server) this.#tls.push(server as unknown as TlsServer);
    return listen(server, address);
  }

  async tls(server: TlsServer, address: Address): Promise<AddressInfo> {
    this.#tls.push(server);
    return listen(server, address);
  }

  async mqtt(broker: Broker, address: Address): Promise<AddressInfo> {
    this.#mqtt = await listenTcp(broker, { ...address, name: 'mqtt', backlog });
    return this.#mqtt.address;
  }

  renew(certificate: ServerKeyAndCertificate): void {
    for (const server of this.#tls) server.setSecureContext({ ...certificate, minVersion: 'TLSv1.2' });
  }

  async close(): Promise<void> {
    await this.#mqtt?.close();
    for (const server of this.#tls) if (server.listening) server.close();
    await Promise.all(this.#http.map(endHttp));
  }
}

/** Lets answers under way finish, for a moment. */
async function endHttp(server: Server): Promise<void> {
  if (!server.listening) return;
  server.close();
  server.closeIdleConnections();
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, lastAnswers);
  server.getConnections((_error, count) => count === 0 && resolve());
  server.once('close', resolve);
  await promise;
  clearTimeout(timer);
  server.closeAllConnections();
}

function listen(server: NetServer, { host, port }: Address): Promise<AddressInfo> {
  const { promise, resolve, reject } = Promise.withResolvers<AddressInfo>();
  server.once('error', reject);
  server.listen({ host, port, backlog }, () => {
    server.off('error', reject);
    // Out of file descriptors, and the like: whoever was not accepted tries again.
    server.on('error', () => {});
    resolve(server.address() as AddressInfo);
  });
  return promise;
}

function createPlain({ routing, upgrade }: ListenersOptions): Server {
  const server = createServer(patience, routing);
  server.on('upgrade', upgrade);
  return server;
}

function createSecure(options: ListenersOptions): Server {
  const server = createHttpsServer(
    { ...patience, ...tlsOptions(options.certificate, { http: true }) },
    options.routing,
  );
  server.on('upgrade', options.upgrade);
  // Node's own listener makes an HTTP connection of every secured one; now it is called for those that speak HTTP.
  const serveHttp = server.listeners('secureConnection') as ((socket: TLSSocket) => void)[];
  server.removeAllListeners('secureConnection');
  serveSecure(server, {
    mqtt: socket => acceptMqtt(options, 'https', socket),
    http: socket => {
      for (const serve of serveHttp) serve.call(server, socket);
    },
  });
  return server;
}

function createMqtts(options: ListenersOptions): TlsServer {
  const server = createTlsServer(tlsOptions(options.certificate, { http: false }));
  serveSecure(server, { mqtt: socket => acceptMqtt(options, 'mqtts', socket) });
  return server;
}

/** MQTT over TLS needs a certificate that is registered and active; without one nothing is read, not even the CONNECT. */
function acceptMqtt({ broker, mayConnect, failed }: ListenersOptions, name: string, socket: TLSSocket): void {
  const certificate = socket.getPeerX509Certificate()?.raw;
  if (certificate === undefined) {
    socket.destroy();
    return;
  }
  mayConnect(certificate)
    .then(may => (may ? acceptTls(broker, name, socket) : socket.destroy()))
    .catch(error => {
      failed(error, 'looking up a client certificate');
      socket.destroy();
    });
}
