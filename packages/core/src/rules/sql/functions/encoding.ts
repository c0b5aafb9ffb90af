/** `encode` and `decode`: base64, and protobuf, whose descriptors come from outside. */
import { decodeProtobuf } from '../protobuf/decode.ts';
import { toText } from '../value/convert.ts';
import { parseJsonText } from '../value/json.ts';
import type { Arithmetic } from '../value/numbers.ts';
import { bufferOf, RawPayload } from '../value/scalar.ts';
import { isText, type Value } from '../value/value.ts';
import { type ExternalFunction, type FunctionTable, isOneOf, type PureFunction } from './sql-function.ts';

/** Protobuf messages and their descriptors are decoded up to these sizes (AWS: "Decoding protobuf message payloads"). */
const MAX_MESSAGE = 128 * 1024;
const MAX_DESCRIPTOR = 32 * 1024;

const protobuf: ExternalFunction = {
  kind: 'external',
  arity: [6, 6],
  atMost: 2,
  starAsBytes: true,
  ask(services, data, _scheme, bucket, key, file, type) {
    const bytes = data instanceof RawPayload ? data.bytes : typeof data === 'string' ? fromBase64(data) : undefined;
    if (bytes === undefined || !isText(bucket) || !isText(key) || !isText(file) || !isText(type)) return undefined;
    return decodeWith(services.getDescriptorSet(bucket, key), bytes, file, type);
  },
};

export function encodingFunctions(arithmetic: Arithmetic): FunctionTable {
  const base64: PureFunction = {
    kind: 'pure',
    arity: [2, 2],
    starAsBytes: true,
    apply: text => decodeBase64(text, arithmetic),
  };
  return {
    encode: {
      kind: 'pure',
      since: '2016-03-23',
      arity: [2, 2],
      starAsBytes: true,
      check: ([, scheme]) => (isOneOf(scheme, 'base64') ? undefined : "needs 'base64' as its second argument"),
      apply: value => encodeBase64(value),
    },
    decode: {
      kind: 'overloaded',
      since: '2016-03-23',
      arity: [2, 6],
      check([, scheme], { isTemplate }) {
        if (!isOneOf(scheme, 'base64', 'proto')) return "needs 'base64' or 'proto' as its second argument";
        return isTemplate && isOneOf(scheme, 'proto')
          ? "with 'proto' cannot stand in a substitution template; use SET"
          : undefined;
      },
      choose: ([, scheme]) => (isOneOf(scheme, 'proto') ? protobuf : base64),
    },
  };
}

function encodeBase64(value: Value): Value {
  if (value instanceof RawPayload) return bufferOf(value.bytes).toString('base64');
  const text = toText(value);
  return text === undefined ? undefined : Buffer.from(text).toString('base64');
}

/** JSON if it is JSON, also a lone number; else text; Null if it is not base64. */
function decodeBase64(value: Value, arithmetic: Arithmetic): Value {
  const text = toText(value);
  if (text === undefined) return undefined;
  const bytes = fromBase64(text);
  if (bytes === undefined) return null;
  const decoded = bytes.toString('utf8');
  const json = parseJsonText(decoded, arithmetic);
  return json === undefined ? decoded : json;
}

/** With or without the padding at the end. */
function fromBase64(text: string): Buffer | undefined {
  return /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.replace(/=+$/, '').length % 4 !== 1
    ? Buffer.from(text, 'base64')
    : undefined;
}

async function decodeWith(descriptors: Promise<Uint8Array>, bytes: Uint8Array, file: string, type: string) {
  const descriptor = await descriptors;
  if (descriptor.length > MAX_DESCRIPTOR) throw new Error('the descriptor has more than 32 KiB');
  if (bytes.length > MAX_MESSAGE) throw new Error('the message has more than 128 KiB');
  return decodeProtobuf(descriptor, `${file}.proto`, type, bytes);
}
