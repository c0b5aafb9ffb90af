/** What the program's thread and a function's thread say to each other. */

/** How a function's thread is told what it runs. */
export interface FunctionSettings {
  /** Path of the handler's file. */
  readonly file: string;
  readonly functionName: string;
  readonly memoryLimitInMB: number;
}

export interface InvokeRequest {
  readonly requestId: string;
  readonly functionArn: string;
  /** JSON text. */
  readonly event: string;
  /** Milliseconds since the epoch at which it is cut off. */
  readonly deadline: number;
}

export type InvokeReply =
  | { readonly requestId: string; readonly result: string }
  | { readonly requestId: string; readonly errorType: string; readonly errorMessage: string };
