import {
  AddThingToBillingGroupCommand,
  CreateBillingGroupCommand,
  CreateDynamicThingGroupCommand,
  CreateThingCommand,
  DeleteBillingGroupCommand,
  DeleteDynamicThingGroupCommand,
  DescribeBillingGroupCommand,
  DescribeThingCommand,
  DescribeThingGroupCommand,
  ListBillingGroupsCommand,
  ListThingGroupsCommand,
  ListThingsInBillingGroupCommand,
  RemoveThingFromBillingGroupCommand,
  UpdateBillingGroupCommand,
  UpdateDynamicThingGroupCommand,
} from '@aws-sdk/client-iot';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { arn, type RegistryUnderTest, startRegistry } from './registry-fixtures.ts';

let registry: RegistryUnderTest;
let iot: RegistryUnderTest['iot'];

beforeEach(async () => {
  registry = await startRegistry();
  iot = registry.iot;
});
afterEach(() => registry.close());

test('a billing group lives from its creation to its deletion, with things by name or ARN', async () => {
  const billingGroupProperties = { billingGroupDescription: 'steel' };
  const plant = { billingGroupName: 'plant' };
  const created = await iot.send(new CreateBillingGroupCommand({ ...plant, billingGroupProperties }));
  expect(created).toMatchObject({
    ...plant,
    billingGroupArn: arn('billinggroup/plant'),
    billingGroupId: expect.any(String),
  });
  await iot.send(new CreateThingCommand({ thingName: 'lamp' }));
  const byArn = { thingArn: arn('thing/lamp'), billingGroupArn: arn('billinggroup/plant') };
  await iot.send(new AddThingToBillingGroupCommand(byArn));
  expect((await iot.send(new ListThingsInBillingGroupCommand(plant))).things).toEqual(['lamp']);
  expect(await iot.send(new DescribeThingCommand({ thingName: 'lamp' }))).toMatchObject({ billingGroupName: 'plant' });
  await iot.send(new RemoveThingFromBillingGroupCommand({ thingName: 'lamp', ...plant }));
  const update = { ...plant, billingGroupProperties: { billingGroupDescription: 'iron' }, expectedVersion: 1 };
  expect(await iot.send(new UpdateBillingGroupCommand(update))).toMatchObject({ version: 2 });
  expect(await iot.send(new DescribeBillingGroupCommand(plant))).toMatchObject({
    ...plant,
    billingGroupId: created.billingGroupId,
    version: 2,
    billingGroupProperties: { billingGroupDescription: 'iron' },
    billingGroupMetadata: { creationDate: new Date(registry.clock.now()) },
  });
  expect((await iot.send(new ListBillingGroupsCommand({ namePrefixFilter: 'pl' }))).billingGroups).toEqual([
    { groupName: 'plant', groupArn: arn('billinggroup/plant') },
  ]);
  await iot.send(new DeleteBillingGroupCommand({ ...plant, expectedVersion: 2 }));
  await expect(iot.send(new DescribeBillingGroupCommand(plant))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  });
});

test('a dynamic group is described with its query and without a hierarchy', async () => {
  const hot = { thingGroupName: 'hot', queryString: 'attributes.temperature>60' };
  const query = { indexName: 'AWS_Things', queryString: hot.queryString, queryVersion: '2017-09-30' };
  expect(await iot.send(new CreateDynamicThingGroupCommand(hot))).toMatchObject({
    thingGroupName: 'hot',
    thingGroupArn: arn('thinggroup/hot'),
    thingGroupId: expect.any(String),
    ...query,
  });
  const described = await iot.send(new DescribeThingGroupCommand({ thingGroupName: 'hot' }));
  expect(described).toMatchObject({ ...query, status: 'BUILDING', version: 1 });
  expect(described.thingGroupMetadata).toEqual({ creationDate: new Date(registry.clock.now()) });
  expect(described.thingGroupProperties).toEqual({});
  expect((await iot.send(new ListThingGroupsCommand({}))).thingGroups).toEqual([
    { groupName: 'hot', groupArn: arn('thinggroup/hot') },
  ]);
  const update = { thingGroupName: 'hot', thingGroupProperties: {}, queryString: 'attributes.temperature>65' };
  expect(await iot.send(new UpdateDynamicThingGroupCommand(update))).toMatchObject({ version: 2 });
  await iot.send(new DeleteDynamicThingGroupCommand({ thingGroupName: 'hot', expectedVersion: 2 }));
});
