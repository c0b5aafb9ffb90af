/** `get_dynamodb`: an item by its key. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { ExternalServices, KeyAttribute, Realm } from '@thingd/core';
import { askAws, dynamodbService, jsonOfAttributes } from '../actions/aws/index.ts';
import type { AwsQuestionOptions } from './aws-question.ts';

export const dynamodbItems =
  ({ aws, signal }: AwsQuestionOptions) =>
  (realm: Realm): Pick<ExternalServices, 'getDynamodbItem'> => ({
    async getDynamodbItem(TableName, key, roleArn) {
      const Key = Object.fromEntries(key.map(attribute => [attribute.name, keyValue(attribute)]));
      const { Item } = await askAws(aws, {
        service: dynamodbService,
        request: `GetItem ${TableName}`,
        region: realm.region,
        roleArn,
        signal,
        send: (client, options) => client.getItem({ TableName, Key }, options),
      });
      return Item && JSON.stringify(jsonOfAttributes(Item));
    },
  });

const keyValue = ({ value, isNumber }: KeyAttribute): AttributeValue => (isNumber ? { N: value } : { S: value });
