/** A function's thread: loads the handler once, and calls it as Lambda's Node runtime does (AWS: "Lambda function handler in Node.js"). */
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import type { FunctionSettings, InvokeReply, InvokeRequest } from './protocol.ts';

type Callback = (error: unknown, result?: unknown) => void;
type Handler = (event: unknown, context: object, callback: Callback) => unknown;

const settings = workerData as FunctionSettings;
const port = parentPort!;

async function loadHandler(): Promise<Handler> {
  const module: { handler?: unknown; default?: { handler?: unknown } } = await import(
    pathToFileURL(settings.file).href
  );
  const handler = module.handler ?? module.default?.handler;
  if (typeof handler === 'function') return handler as Handler;
  throw new TypeError(`\`${settings.file}\` exports no function \`handler\``);
}

let loaded: Promise<Handler> | undefined;

port.on('message', (request: InvokeRequest) => {
  loaded ??= loadHandler();
  loaded
    .then(handler => call(handler, request))
    .then(
      result => reply({ requestId: request.requestId, result: JSON.stringify(result) ?? 'null' }),
      (error: unknown) => {
        const isError = error instanceof Error;
        const errorMessage = isError ? error.message : typeof error === 'string' ? error : JSON.stringify(error);
        reply({ requestId: request.requestId, errorType: isError ? error.name : 'Error', errorMessage });
      },
    );
});

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
