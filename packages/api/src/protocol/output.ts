/** From an operation's output to its response. */
import type { HttpResponse } from './message.ts';
import type { OperationModel, ServiceModel } from './model.ts';
import { shapeOf, structureOf, structureToJson } from './values.ts';

/** The response of a successful call. An operation without output answers an empty body, the data plane's `Publish` a receipt. */
export function writeOutput(
  model: ServiceModel,
  operation: OperationModel,
  output: Readonly<Record<string, unknown>> | undefined,
  requestId: string,
): HttpResponse {
  if (operation.output === undefined) {
    // Seen by everyone who publishes with curl: {"message":"OK","traceId":"…"}.
    return json(200, model.name === 'iotdata' ? { message: 'OK', traceId: requestId } : undefined);
  }
  const shape = structureOf(model, operation.output);
  const value = output ?? {};
  if (shape.payload !== undefined) {
    if (shapeOf(model, shape.members[shape.payload]!).type !== 'blob')
      throw new Error('only blobs are answered as payload');
    return respond(200, (value[shape.payload] as Buffer | undefined) ?? Buffer.alloc(0));
  }
  const status = statusOf(shape.members, value);
  return json(status, status === 204 ? undefined : structureToJson(model, shape, value));
}

/** The status that the output itself carries, as `DeleteCommand`'s does. */
function statusOf(members: object, value: Readonly<Record<string, unknown>>): number {
  for (const [name, member] of Object.entries(members)) {
    if (typeof member === 'object' && member.in === 'status' && typeof value[name] === 'number') return value[name];
  }
  return 200;
}

const json = (status: number, value: unknown): HttpResponse =>
  respond(status, value === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(value)));

const respond = (status: number, body: Buffer): HttpResponse => ({
  status,
  headers: { 'content-type': 'application/json' },
  body,
});
