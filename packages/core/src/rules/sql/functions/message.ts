/** Functions of the message and of the moment it is looked at. */
import type { MessageProperties } from '../message.ts';
import { toFloor } from '../value/convert.ts';
import type { Arithmetic } from '../value/numbers.ts';
import { bufferOf } from '../value/scalar.ts';
import { setMember, Undefined, type Value } from '../value/value.ts';
import type { ContextFunction, FunctionTable } from './sql-function.ts';

const NOT_MQTT = 'n/a';

/** A function without arguments. */
const constant = (apply: ContextFunction['apply']): ContextFunction => ({ kind: 'context', arity: [0, 0], apply });

export const messageFunctions = (arithmetic: Arithmetic): FunctionTable => ({
  accountid: constant(({ context }) => context.accountId),
  clientid: constant(({ message }) => message.published.clientId ?? NOT_MQTT),
  get_mqtt_property: {
    kind: 'context',
    since: '2016-03-23',
    arity: [1, 1],
    apply: ({ message }, name) => mqttProperty(message.published.properties, name!),
  },
  get_user_properties: {
    kind: 'context',
    since: '2016-03-23',
    arity: [0, 1],
    apply: ({ message }, name) => userProperties(message.published.properties?.userProperties ?? [], name),
  },
  newuuid: constant(evaluation => evaluation.once(() => evaluation.context.uuid())),
  principal: constant(({ message }) => message.published.principal ?? Undefined),
  sourceip: { ...constant(({ message }) => message.published.sourceIp ?? Undefined), since: '2016-03-23' },
  sql_version: constant(({ version }) => version),
  timestamp: constant(evaluation => evaluation.once(() => evaluation.context.clock.now())),
  topic: {
    kind: 'context',
    arity: [0, 1],
    apply({ message }, level) {
      if (level === undefined) return message.segments.join('/');
      const index = toFloor(level, arithmetic);
      return index === Undefined ? Undefined : (message.segments[index - 1] ?? Undefined);
    },
  },
  traceid: constant(({ message }) => message.published.traceId ?? Undefined),
});

function mqttProperty(properties: MessageProperties | undefined, name: Value): Value {
  switch (name) {
    case 'format_indicator':
      return properties?.isUtf8 ? 'UTF8_DATA' : 'UNSPECIFIED_BYTES';
    case 'content_type':
      return properties?.contentType ?? Undefined;
    case 'response_topic':
      return properties?.responseTopic ?? Undefined;
    case 'correlation_data': {
      const data = properties?.correlationData;
      return data === undefined ? Undefined : bufferOf(data).toString('base64');
    }
    default:
      return Undefined;
  }
}

/** All values of one name, or one object per property, in the order they were sent. */
function userProperties(properties: readonly (readonly [string, string])[], name: Value | undefined): Value {
  if (name !== undefined) {
    const values = properties.filter(([key]) => key === name).map(([, value]) => value);
    return values.length > 0 ? values : Undefined;
  }
  return properties.map(([key, value]) => {
    const property: Record<string, Value> = {};
    setMember(property, key, value);
    return property;
  });
}
