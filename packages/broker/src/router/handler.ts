/** A part of the program that takes messages as a subscriber would, without a connection. */
import type { Message } from './message.ts';

/** A promise holds back the publisher's acknowledgement until it resolves; if it rejects there is none. */
export type MessageHandler = (message: Message) => void | Promise<void>;

export interface HandleOptions {
  /** Keeps the message from every client and from being retained. */
  readonly exclusive?: boolean;
}

export class Handler {
  readonly handle: MessageHandler;
  readonly exclusive: boolean;

  constructor(handle: MessageHandler, exclusive: boolean) {
    this.handle = handle;
    this.exclusive = exclusive;
  }
}
