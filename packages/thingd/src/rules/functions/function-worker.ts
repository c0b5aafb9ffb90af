/** A function's thread: loads the handler once, and calls it as Lambda's Node runtime does (AWS: "Lambda function handler in Node.js"). */
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import type { FunctionFailure, FunctionSettings, InvokeReply, InvokeRequest } from './runtime.ts';

type Callback = (error: unknown, result?: unknown) => void;
type Handler = (event: unknown, context: object, callback: Callback) => unknown;

const settings = workerData as FunctionSettings;
const port = parentPort!;

async function loadHandler(): Promise<Handler> {
  const { file, handler: name } = settings;
  const module: Record<string, unknown> & { default?: Record<string, unknown> } = await import(
    pathToFileURL(file).href
  );
  const handler = module[name] ?? module.default?.[name];
  if (typeof handler === 'function') return handler as Handler;
  throw new TypeError(`\`${file}\` exports no function \`${name}\``);
}

let loaded: Promise<Handler> | undefined;

port.on('message', (request: InvokeRequest) => {
  loaded ??= loadHandler();
  loaded
    .then(handler => call(handler, request))
    .then(
      result => reply({ requestId: request.requestId, result: JSON.stringify(result) ?? 'null' }),
      (error: unknown) => reply({ requestId: request.requestId, ...failureOf(error) }),
    );
});

function failureOf(error: unknown): FunctionFailure {
  if (!(error instanceof Error)) {
    return { errorType: 'Error', errorMessage: typeof error === 'string' ? error : JSON.stringify(error) };
  }
  const stackTrace = error.stack?.split('\n').filter(line => line.startsWith('    at '));
  return { errorType: error.name, errorMessage: error.message, stackTrace };
}

const reply = (message: InvokeReply): void => port.postMessage(message);

/** A handler answers by its promise or by calling back, whichever it does. */
async function call(handler: Handler, request: InvokeRequest): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const callback: Callback = (error, result) => (error ? reject(error) : resolve(result));
  const returned = handler(JSON.parse(request.event), contextOf(request, callback), callback);
  const answersByPromise = typeof (returned as { then?: unknown } | undefined)?.then === 'function';
  if (answersByPromise) return returned;
  // A synchronous handler that takes no callback will never call it; Lambda answers null.
  if (handler.length < 3) resolve(returned ?? null);
  return promise;
}

function contextOf({ requestId, functionArn, deadline }: InvokeRequest, callback: Callback): object {
  const { functionName, memoryLimitInMB } = settings;
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: functionArn,
    memoryLimitInMB: String(memoryLimitInMB),
    awsRequestId: requestId,
    logGroupName: `/aws/lambda/${functionName}`,
    logStreamName: 'thingd',
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
    done: callback,
    succeed: (result: unknown) => callback(null, result),
    fail: (error: unknown) => callback(error ?? new Error('failed')),
  };
}
