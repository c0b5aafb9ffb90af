/** What the tests use of `aws-iot-device-sdk` version 1, which ships no types. */
declare module 'aws-iot-device-sdk' {
  import type { EventEmitter } from 'node:events';

  interface DeviceOptions {
    readonly host: string;
    readonly port: number;
    readonly clientId: string;
    readonly protocol?: 'mqtts' | 'wss';
    readonly keyPath?: string;
    readonly certPath?: string;
    readonly caPath?: string;
    readonly accessKeyId?: string;
    readonly secretKey?: string;
    readonly region?: string;
    readonly websocketOptions?: Readonly<Record<string, unknown>>;
    readonly will?: { readonly topic: string; readonly payload: string; readonly qos: 0 | 1; readonly retain: boolean };
  }

  interface Device extends EventEmitter {
    publish(topic: string, payload: string, options: { qos: 0 | 1 }, done: (error?: Error) => void): void;
    subscribe(topic: string, options: { qos: 0 | 1 }, done: (error: Error | null, granted: unknown) => void): void;
    end(force: boolean, done: () => void): void;
  }

  interface RegisterOptions {
    readonly ignoreDeltas?: boolean;
    readonly persistentSubscribe?: boolean;
    readonly discardStale?: boolean;
    readonly enableVersioning?: boolean;
    readonly qos?: 0 | 1;
  }

  /** Emits `status`, `delta`, `timeout` and `foreignStateChange`. Operations answer their client token, or null while one is pending. */
  interface ThingShadow extends EventEmitter {
    register(thingName: string, options: RegisterOptions, done: (error: unknown, failed: unknown) => void): void;
    unregister(thingName: string): void;
    update(thingName: string, state: object): string | null;
    get(thingName: string, clientToken?: string): string | null;
    delete(thingName: string, clientToken?: string): string | null;
    end(force: boolean, done: () => void): void;
  }

  const sdk: {
    device: new (options: DeviceOptions) => Device;
    thingShadow: new (options: DeviceOptions, shadow?: { readonly operationTimeout?: number }) => ThingShadow;
  };
  export default sdk;
}
