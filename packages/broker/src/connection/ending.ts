/** What a connection ends with, as its ender gives it. */
import { ReasonCode } from '../codec/reason-code.ts';
import type { Disconnection } from '../observer.ts';

export interface Ending {
  readonly disconnectReason: Disconnection['disconnectReason'];
  readonly reasonCode: number;
  readonly reason: string;
  /** The client ended it: nothing is sent back. */
  readonly clientInitiated?: boolean;
  /** A DISCONNECT with reason code 0 takes the will back. [MQTT-3.14.4-3] */
  readonly dropWill?: boolean;
}

/** The client said goodbye in the way its transport has for it. */
export const goodbye: Ending = {
  disconnectReason: 'CLIENT_INITIATED_DISCONNECT',
  clientInitiated: true,
  dropWill: true,
  reasonCode: 0,
  reason: '',
};

export const lost: Ending = {
  disconnectReason: 'CONNECTION_LOST',
  reasonCode: 0,
  reason: 'the connection was lost',
};

/** The client would wait in vain for an answer that it does not take. */
export const untaken: Ending = {
  disconnectReason: 'CLIENT_ERROR',
  reasonCode: ReasonCode.packetTooLarge,
  reason: 'the answer is larger than the client takes',
};
