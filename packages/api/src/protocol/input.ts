/** From a matched request to an operation's input: labels by position, query, headers, and the body or payload. */
import { RequestError } from './errors.ts';
import type { HttpRequest } from './message.ts';
import type { BoundMember, OperationModel, ServiceModel, StructureShape } from './model.ts';
import { percentDecode, queryParameters } from './percent.ts';
import { labelNames } from './router.ts';
import { fromText, shapeOf, structureFromJson, structureOf } from './values.ts';

/**
 * @param labels the route's labels, percent-encoded, in the template's order
 * @throws RequestError `SerializationException` where a value does not fit its shape
 */
export function readInput(
  model: ServiceModel,
  operation: OperationModel,
  labels: readonly string[],
  request: HttpRequest,
): Record<string, unknown> {
  const shape = structureOf(model, operation.input);
  const query = queryParameters(request.query);
  const bound: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(shape.members)) {
    if (typeof member === 'string') continue;
    const text = boundText(member, operation, labels, query, request);
    if (text === undefined) continue;
    bound[name] = member.json ? jsonOfHeader(member, text) : fromText(shapeOf(model, member), text);
  }
  return { ...bodyMembers(model, shape, request.body), ...bound };
}

function boundText(
  member: BoundMember,
  operation: OperationModel,
  labels: readonly string[],
  query: ReadonlyMap<string, string>,
  request: HttpRequest,
): string | undefined {
  switch (member.in) {
    case 'label': {
      const label = labels[labelNames(operation.path).indexOf(member.name)] ?? '';
      const text = percentDecode(label);
      if (text === undefined)
        throw new RequestError('SerializationException', `\`${label}\` is not percent-encoded UTF-8`);
      return text;
    }
    case 'query':
      return query.get(member.name);
    case 'header':
      return request.headers[member.name.toLowerCase()];
    case 'status':
      return undefined;
  }
}

/** AWS: Publish, `userProperties`: base64 of a JSON string. */
function jsonOfHeader(member: BoundMember, text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64').toString('utf8'));
  } catch {
    throw new RequestError('SerializationException', `header ${member.name} is not base64 of JSON`);
  }
}

function bodyMembers(model: ServiceModel, shape: StructureShape, body: Buffer): Record<string, unknown> {
  if (shape.payload !== undefined) {
    const payload = shapeOf(model, shape.members[shape.payload]!);
    // HTTP cannot tell no body from an empty one; where a blob must be there, it is an empty one.
    const isAbsent = body.length === 0 && !shape.required?.includes(shape.payload);
    if (payload.type === 'blob') return isAbsent ? {} : { [shape.payload]: body };
    if (payload.type !== 'structure') throw new Error(`no payload of ${payload.type}`);
    return body.length === 0 ? {} : { [shape.payload]: structureFromJson(model, payload, parseBody(body)) };
  }
  const takesBody = Object.values(shape.members).some(member => typeof member === 'string');
  return takesBody && body.length > 0 ? structureFromJson(model, shape, parseBody(body)) : {};
}

function parseBody(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new RequestError('SerializationException', 'the request body is not well-formed JSON');
  }
}
