/** Functions that ask services (AWS: "Functions"). Where one fails the rule does nothing, unless `get_or_default` is around it. */
import type { ExternalServices, KeyAttribute } from '../services.ts';
import { type RegistryOperation, registryOperations, type Secret } from '../services.ts';
import { jsonText, toText } from '../value/convert.ts';
import { parseJsonText } from '../value/json.ts';
import { type Arithmetic, isNumeric } from '../value/numbers.ts';
import { bufferOf } from '../value/scalar.ts';
import { isObject, isText, member, type Value } from '../value/value.ts';
import { type FunctionTable, isOneOf } from './sql-function.ts';

export function externalFunctions(arithmetic: Arithmetic): FunctionTable {
  /** The JSON a service answered. */
  const document = async (answer: Promise<string>): Promise<Value> => {
    const value = parseJsonText(await answer, arithmetic);
    if (value === undefined) throw new Error('the answer is not JSON');
    return value;
  };

  return {
    aws_lambda: {
      kind: 'external',
      arity: [2, 2],
      ask: (services, arn, event) =>
        typeof arn === 'string' && event !== undefined
          ? document(services.invokeLambda(arn, jsonText(event)))
          : undefined,
    },
    get_dynamodb: {
      kind: 'external',
      since: '2016-03-23',
      arity: [4, 6],
      atMost: 1,
      check: args => (args.length === 5 ? 'takes 4 arguments, or 6 with a sort key' : undefined),
      ask: (services, ...args) => getDynamodb(services, args, document),
    },
    get_registry_data: {
      kind: 'external',
      since: '2016-03-23',
      arity: [3, 3],
      atMost: 1,
      check: ([operation]) =>
        isOneOf(operation, ...registryOperations)
          ? undefined
          : `needs ${registryOperations.map(name => `"${name}"`).join(' or ')} as its first argument`,
      ask: (services, operation, thing, role) =>
        typeof thing === 'string' && typeof role === 'string'
          ? document(services.getRegistryData(operation as RegistryOperation, thing, role))
          : undefined,
    },
    get_secret: {
      kind: 'external',
      answersSecret: true,
      arity: [3, 4],
      check: ([, kind]) =>
        isOneOf(kind, 'SecretString', 'SecretBinary')
          ? undefined
          : "needs 'SecretString' or 'SecretBinary' as its second argument",
      ask(services, id, kind, ...rest) {
        if (typeof id !== 'string' || !rest.every(isText)) return undefined;
        const [key, role] = rest.length === 2 ? rest : [undefined, rest[0]];
        return services
          .getSecret(id, role!)
          .then(secret => (kind === 'SecretString' ? secretText(secret, key, arithmetic) : secretBytes(secret, key)));
      },
    },
    get_thing_shadow: {
      kind: 'external',
      since: '2016-03-23',
      arity: [2, 3],
      ask(services, thing, ...rest) {
        if (typeof thing !== 'string' || !rest.every(isText)) return undefined;
        const [shadow, role] = rest.length === 2 ? rest : [undefined, rest[0]];
        return document(services.getThingShadow(thing, shadow, role!));
      },
    },
    machinelearning_predict: {
      kind: 'external',
      arity: [3, 3],
      ask(services, model, role, record) {
        if (typeof model !== 'string' || typeof role !== 'string' || !isObject(record!)) return undefined;
        return document(services.predict(model, role, textMembers(record)));
      },
    },
  };
}

/** Item not found: the failure that AWS documents. */
function getDynamodb(
  services: ExternalServices,
  args: readonly Value[],
  document: (answer: Promise<string>) => Promise<Value>,
): Promise<Value> | undefined {
  const [table, ...names] = args;
  const role = names.pop();
  const partition = keyAttribute(names[0]!, names[1]!);
  const sort = names.length > 2 ? keyAttribute(names[2]!, names[3]!) : undefined;
  if (typeof table !== 'string' || typeof role !== 'string' || partition === undefined) return undefined;
  if (names.length > 2 && sort === undefined) return undefined;
  const key = sort === undefined ? [partition] : [partition, sort];
  return document(
    services.getDynamodbItem(table, key, role).then(item => {
      if (item === undefined) throw new Error(`the table \`${table}\` has no such item`);
      return item;
    }),
  );
}

function keyAttribute(name: Value, value: Value): KeyAttribute | undefined {
  const text = toText(value);
  return typeof name === 'string' && text !== undefined ? { name, value: text, isNumber: isNumeric(value) } : undefined;
}

/** One key of a secret that is JSON, or all of it; a secret that is plain text has no keys. */
function secretText(secret: Secret, key: string | undefined, arithmetic: Arithmetic): Value {
  if (!('secretString' in secret)) throw new Error('the secret is binary');
  const value = parseJsonText(secret.secretString, arithmetic);
  if (value !== undefined && isObject(value)) return key === undefined ? value : member(value, key);
  if (key !== undefined) throw new Error('the secret is plain text and has no keys');
  return secret.secretString;
}

function secretBytes(secret: Secret, key: string | undefined): Value {
  if (!('secretBinary' in secret)) throw new Error('the secret is not binary');
  if (key !== undefined) throw new Error('a binary secret has no keys');
  return bufferOf(secret.secretBinary).toString('base64');
}

function textMembers(record: { readonly [key: string]: Value }): Record<string, string> {
  const texts = Object.entries(record).map(([key, value]) => [key, toText(value)] as const);
  return Object.fromEntries(texts.filter((entry): entry is readonly [string, string] => entry[1] !== undefined));
}
