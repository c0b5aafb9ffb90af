/** The `dynamoDB` and `dynamoDBv2` actions: what SELECT made as one column of an item, or as the item (AWS: "DynamoDB", "DynamoDBv2"). */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { type ActionRequest, type ActionRunner, ServiceError } from '@thingd/core';
import { attributes, attributeValue } from './attribute-value.ts';
import { callAws, unfit } from './aws-call.ts';
import type { AwsClients, ClientSettings } from './aws-clients.ts';
import { isObject, parseExactly } from './exact-json.ts';

type KeyType = 'STRING' | 'NUMBER';

interface DynamodbParameters {
  readonly tableName: string;
  readonly hashKeyField: string;
  readonly hashKeyValue: string;
  readonly hashKeyType?: KeyType;
  readonly rangeKeyField?: string;
  readonly rangeKeyValue?: string;
  readonly rangeKeyType?: KeyType;
  readonly payloadField?: string;
  readonly operation?: string;
}

export const dynamodbService = {
  name: 'DYNAMODB',
  async open(settings: ClientSettings) {
    const { DynamoDB } = await import('@aws-sdk/client-dynamodb');
    return new DynamoDB(settings);
  },
};

export function dynamodb(clients: AwsClients): ActionRunner {
  const read = (parameters: object): DynamodbParameters => parameters as DynamodbParameters;
  return {
    failedAction: 'DynamoDBAction',
    check(parameters) {
      const { rangeKeyField, rangeKeyValue, operation } = read(parameters);
      if ((rangeKeyField === undefined) !== (rangeKeyValue === undefined)) {
        throw invalid('`rangeKeyField` and `rangeKeyValue` come together');
      }
      if (operation !== undefined && !operation.includes('${') && !operations.has(operation)) {
        throw invalid(`\`operation\` expects INSERT, UPDATE or DELETE, not \`${operation}\``);
      }
    },
    resourceOf: parameters => read(parameters).tableName,
    async run(request) {
      const { tableName, payloadField = 'payload', operation = 'INSERT', ...key } = read(request.parameters);
      const what = `${operation === 'DELETE' ? 'DeleteItem' : 'PutItem'} ${tableName}`;
      if (!operations.has(operation)) {
        throw unfit(what, `\`operation\` expects INSERT, UPDATE or DELETE, not \`${operation}\``);
      }
      const Key = keyOf(key, what);
      const Item = { ...Key, [payloadField]: payloadOf(request) };
      return callAws(clients, request, {
        service: dynamodbService,
        request: what,
        send: (client, options) =>
          operation === 'DELETE'
            ? client.deleteItem({ TableName: tableName, Key }, options)
            : client.putItem({ TableName: tableName, Item }, options),
      });
    },
  };
}

export function dynamodbV2(clients: AwsClients): ActionRunner {
  const tableOf = (parameters: object): string => (parameters as { putItem: { tableName: string } }).putItem.tableName;
  return {
    failedAction: 'DynamoDBv2Action',
    check(parameters) {
      if (parameters.putItem === undefined) throw invalid('`putItem` is missing');
    },
    resourceOf: tableOf,
    async run(request) {
      const TableName = tableOf(request.parameters);
      const what = `PutItem ${TableName}`;
      const item = request.isJson ? parseExactly(request.payload.toString('utf8')) : null;
      if (!isObject(item)) throw unfit(what, 'the payload is no JSON object, so its members cannot be columns');
      const input = { TableName, Item: attributes(item) };
      return callAws(clients, request, {
        service: dynamodbService,
        request: what,
        send: (client, options) => client.putItem(input, options),
      });
    },
  };
}

/** AWS documents the names alone; an update puts the item as an insert does, and a delete goes by the key (unverified). */
const operations: ReadonlySet<string> = new Set(['INSERT', 'UPDATE', 'DELETE']);

type KeyParameters = Omit<DynamodbParameters, 'tableName' | 'payloadField' | 'operation'>;

function keyOf(key: KeyParameters, request: string): Record<string, AttributeValue> {
  const { hashKeyField, hashKeyValue, hashKeyType, rangeKeyField, rangeKeyValue, rangeKeyType } = key;
  const hash = { [hashKeyField]: keyValue(hashKeyValue, hashKeyType, request) };
  if (rangeKeyField === undefined) return hash;
  return { ...hash, [rangeKeyField]: keyValue(rangeKeyValue ?? '', rangeKeyType, request) };
}

function keyValue(text: string, type: KeyType = 'STRING', request: string): AttributeValue {
  if (type === 'STRING') return { S: text };
  if (text.trim() === '' || !Number.isFinite(Number(text))) throw unfit(request, `the key \`${text}\` is no number`);
  return { N: text };
}

/** Bytes that are not JSON become a binary column (AWS: "DynamoDB"). */
const payloadOf = ({ payload, isJson }: ActionRequest): AttributeValue =>
  isJson ? attributeValue(parseExactly(payload.toString('utf8'))) : { B: payload };

const invalid = (message: string): ServiceError => new ServiceError('InvalidRequestException', message);
