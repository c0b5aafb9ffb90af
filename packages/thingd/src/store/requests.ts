/** What the program's thread and the store's thread say to each other: requests in, outcomes back in the same order. */
import type { Row, SqlValue } from '@thingd/core';

/** What the program's thread sends at a time. */
export interface StoreMessage {
  /** Texts of the next statements: the first ever sent is number 0. */
  readonly statements: readonly string[];
  readonly requests: readonly StoreRequest[];
}

/** A statement's number, or its text where it has none. */
export type StatementName = number | string;

/** A list, for an object's member names would be copied with every write. */
export type StoreWrite = readonly [
  statement: StatementName,
  parameters: readonly SqlValue[],
  expect: number | undefined,
];

export type StoreRequest =
  | { readonly kind: 'all'; readonly statement: StatementName; readonly parameters: readonly SqlValue[] }
  | { readonly kind: 'commit'; readonly writes: readonly StoreWrite[] }
  /** A batch of the broker's changes as `journal.ts` packs them. */
  | { readonly kind: 'journal'; readonly journal: Uint8Array }
  | { readonly kind: 'loadBroker' }
  | { readonly kind: 'close' };

/** `Error` is any other failure of one caller's statement, which is a bug of that caller. */
export interface StoreFailure {
  readonly name: 'StaleWrite' | 'DuplicateKey' | 'Error';
  readonly message: string;
}

export type StoreOutcome =
  | { readonly failure: StoreFailure }
  | { readonly rows: readonly Row[] }
  | { readonly broker: BrokerRows }
  | undefined;

/** Outcomes of the oldest requests not yet answered; `commit` tells of the transaction they were part of. */
export interface StoreReply {
  readonly outcomes: readonly StoreOutcome[];
  readonly commit: { readonly writers: number; readonly seconds: number } | undefined;
}

/** How the store's thread is told what to open. */
export interface StoreThreadSettings {
  /** Path of the database file, or `:memory:`. */
  readonly path: string;
  /** `full` survives loss of power; `normal` survives a crash of the process, and may lose the last commits with the power. */
  readonly durability: 'full' | 'normal';
}

/** Everything the broker keeps, as rows; message bodies are packed by `message-body.ts` and read by the program's thread. */
export interface BrokerRows {
  readonly sessions: readonly {
    readonly id: number;
    readonly realm: string;
    readonly client_id: string;
    readonly principal: string;
    readonly session_expiry_interval: number;
    readonly disconnected_at: number | null;
    readonly will: Uint8Array | null;
    readonly will_due_at: number | null;
  }[];
  readonly subscriptions: readonly {
    readonly session_id: number;
    readonly filter: string;
    readonly options: number;
    readonly subscription_identifier: number | null;
  }[];
  readonly messages: readonly { readonly id: number; readonly body: Uint8Array }[];
  /** Ordered by session, then sequence. */
  readonly queued: readonly {
    readonly session_id: number;
    readonly sequence: number;
    readonly message_id: number;
    readonly options: number;
    readonly packet_id: number;
    readonly subscription_identifiers: string | null;
    readonly shared_filter: string | null;
  }[];
  readonly received: readonly { readonly session_id: number; readonly packet_id: number }[];
  readonly retained: readonly { readonly realm: string; readonly body: Uint8Array }[];
  readonly wills: readonly {
    readonly realm: string;
    readonly client_id: string;
    readonly principal: string;
    readonly body: Uint8Array;
  }[];
}
