/** Functions of the message and of the moment it is looked at. */
import type { MessageProperties, RuleMessage } from '../message.ts';
import { toFloor } from '../value/convert.ts';
import type { Arithmetic } from '../value/numbers.ts';
import { bufferOf } from '../value/scalar.ts';
import { setMember, type Value } from '../value/value.ts';
import type { ContextFunction, FunctionTable, MessageFunction, OverloadedFunction } from './sql-function.ts';

const NOT_MQTT = 'n/a';

const ofMessage = (apply: (message: RuleMessage) => Value): MessageFunction => ({
  kind: 'message',
  arity: [0, 0],
  apply,
});
const ofContext = (apply: ContextFunction['apply']): ContextFunction => ({ kind: 'context', arity: [0, 0], apply });

/** One function without an argument, and one with it. */
const either = (all: MessageFunction['apply'], one: MessageFunction['apply']): OverloadedFunction => ({
  kind: 'overloaded',
  arity: [0, 1],
  choose: args =>
    args.length === 0 ? { kind: 'message', arity: [0, 0], apply: all } : { kind: 'message', arity: [1, 1], apply: one },
});

export const messageFunctions = (arithmetic: Arithmetic): FunctionTable => ({
  accountid: ofContext(({ accountId }) => accountId),
  clientid: ofMessage(({ published }) => published.clientId ?? NOT_MQTT),
  get_mqtt_property: {
    kind: 'message',
    since: '2016-03-23',
    arity: [1, 1],
    apply: ({ published }, name) => mqttProperty(published.properties, name),
  },
  get_user_properties: {
    ...either(allUserProperties, userProperties),
    since: '2016-03-23',
  },
  newuuid: ofContext(context => context.uuid()),
  principal: ofMessage(({ published }) => published.principal),
  sourceip: { ...ofMessage(({ published }) => published.sourceIp), since: '2016-03-23' },
  sql_version: ofContext((_, version) => version),
  timestamp: ofContext(({ clock }) => clock.now()),
  topic: either(
    ({ segments }) => segments.join('/'),
    ({ segments }, level) => {
      const index = toFloor(level, arithmetic);
      return index === undefined ? undefined : segments[index - 1];
    },
  ),
  traceid: ofMessage(({ published }) => published.traceId),
});

function mqttProperty(properties: MessageProperties | undefined, name: Value): Value {
  switch (name) {
    case 'format_indicator':
      return properties?.isUtf8 ? 'UTF8_DATA' : 'UNSPECIFIED_BYTES';
    case 'content_type':
      return properties?.contentType;
    case 'response_topic':
      return properties?.responseTopic;
    case 'correlation_data':
      return properties?.correlationData && bufferOf(properties.correlationData).toString('base64');
    default:
      return undefined;
  }
}

const userPropertiesOf = ({ published }: RuleMessage) => published.properties?.userProperties ?? [];

/** One object per property, in the order they were sent. */
function allUserProperties(message: RuleMessage): Value {
  return userPropertiesOf(message).map(([key, value]) => {
    const property: Record<string, Value> = {};
    setMember(property, key, value);
    return property;
  });
}

/** All values of one name, in the order they were sent. */
function userProperties(message: RuleMessage, name: Value): Value {
  const values = userPropertiesOf(message).filter(([key]) => key === name);
  return values.length > 0 ? values.map(([, value]) => value) : undefined;
}
