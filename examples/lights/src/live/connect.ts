/** MQTT 5 with a certificate, on the port that carries everything: AWS IoT tells MQTT from HTTPS by ALPN. */
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';

export interface Identity {
  readonly clientId: string;
  /** Host, and port unless it is 443. */
  readonly endpoint: string;
  readonly certificatePem: string;
  readonly privateKey: string;
  /** PEM to trust beside the public authorities'. */
  readonly certificateAuthority?: string | undefined;
}

export function connect(
  { clientId, endpoint, certificatePem, privateKey, certificateAuthority }: Identity,
  options: Omit<IClientOptions, 'clientId'>,
): MqttClient {
  const { hostname, port } = new URL(`https://${endpoint}`);
  return mqtt.connect({
    protocol: 'mqtts',
    host: hostname,
    port: Number(port || 443),
    servername: hostname,
    ALPNProtocols: ['x-amzn-mqtt-ca'],
    protocolVersion: 5,
    clientId,
    // A certificate's policy may take AWS a few seconds to reach every door.
    reconnectOnConnackError: true,
    cert: certificatePem,
    key: privateKey,
    ...(certificateAuthority !== undefined && { ca: certificateAuthority }),
    ...options,
  });
}
