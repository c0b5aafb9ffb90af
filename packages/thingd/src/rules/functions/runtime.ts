/** What runs a function's file. Each language is one implementation: threads of Node, processes of Python. */

/** What an instance is told of the function when it starts. */
export interface FunctionSettings {
  /** Path of the handler's file. */
  readonly file: string;
  /** What the file calls the handler. */
  readonly handler: string;
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

/** How Lambda says that a function failed (AWS: "Lambda function errors"). */
export interface FunctionFailure {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly stackTrace?: readonly string[] | undefined;
}

/** JSON text, or why there is none. */
export type Outcome = { readonly result: string } | FunctionFailure;

/** What an instance sends back. */
export type InvokeReply = Outcome & { readonly requestId: string };

/** A file loaded once, with what it keeps between calls. It is given one call at a time. */
export interface Instance {
  /** Whether it can take a call. */
  readonly isAlive: boolean;
  /** Resolves also where the instance ends before it has answered. */
  invoke(request: InvokeRequest): Promise<Outcome>;
  /** Resolves when it has ended. */
  stop(): Promise<void>;
}

export interface Runtime {
  /** `printed` hears each line that the function writes to its standard output or error. */
  start(settings: FunctionSettings, printed: (line: string) => void): Instance;
}

/** What a function's environment has beside thingd's own (AWS: "Defined runtime environment variables"). */
export const environmentOf = ({ functionName, handler, memoryLimitInMB }: FunctionSettings): NodeJS.ProcessEnv => ({
  ...process.env,
  AWS_LAMBDA_FUNCTION_NAME: functionName,
  AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryLimitInMB),
  _HANDLER: handler,
});
