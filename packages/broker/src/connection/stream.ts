/** The bytes of one connection, whatever carries them: what a listener provides and the broker uses. */

export interface StreamReceiver {
  /** `chunk` may be reused by the stream once this returns. */
  read(chunk: Buffer): void;
  /** For a stream that keeps bytes before it hands them on: so many have come in all. False when it need not be told of more. */
  gathers(bytes: number): boolean;
  /** The peer sends nothing more; it may still read. */
  ended(): void;
  /** All that was written has been taken by the peer's side. */
  drained(): void;
  /** The last call: nothing can be read or written any more. `goodbye`: the peer closed it in the transport's own good manners. */
  closed(goodbye?: boolean): void;
}

export interface ByteStream {
  /** Bytes written that have not yet left this process. */
  readonly writableLength: number;
  /** Called once, by the broker, before anything else; reading starts here. */
  attach(receiver: StreamReceiver): void;
  /** If `writableLength` is 0 afterwards the bytes have been taken and their buffer is free; otherwise it now belongs to the stream. */
  write(bytes: Buffer): void;
  pause(): void;
  resume(): void;
  /** Writes out what is left and says goodbye; the peer may still send, which is discarded. */
  end(): void;
  destroy(): void;
}
