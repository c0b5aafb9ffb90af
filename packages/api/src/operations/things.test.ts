import {
  AddThingToThingGroupCommand,
  AttachThingPrincipalCommand,
  CreateThingCommand,
  CreateThingGroupCommand,
  CreateThingTypeCommand,
  DeleteThingCommand,
  DeleteThingGroupCommand,
  DeleteThingTypeCommand,
  DeprecateThingTypeCommand,
  DescribeEndpointCommand,
  DescribeThingCommand,
  DescribeThingGroupCommand,
  DescribeThingTypeCommand,
  DetachThingPrincipalCommand,
  ListPrincipalThingsCommand,
  ListPrincipalThingsV2Command,
  ListTagsForResourceCommand,
  ListThingGroupsCommand,
  ListThingGroupsForThingCommand,
  ListThingPrincipalsCommand,
  ListThingPrincipalsV2Command,
  ListThingsCommand,
  ListThingsInThingGroupCommand,
  ListThingTypesCommand,
  paginateListThings,
  RemoveThingFromThingGroupCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateThingCommand,
  UpdateThingGroupCommand,
  UpdateThingGroupsForThingCommand,
  UpdateThingTypeCommand,
} from '@aws-sdk/client-iot';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { arn, certificate, type RegistryUnderTest, startRegistry } from './registry-fixtures.ts';

let registry: RegistryUnderTest;
let iot: RegistryUnderTest['iot'];

beforeEach(async () => {
  registry = await startRegistry();
  iot = registry.iot;
});
afterEach(() => registry.close());

test('a thing is created, described, updated, listed and deleted', async () => {
  await iot.send(new CreateThingTypeCommand({ thingTypeName: 'bulb' }));
  const attributePayload = { attributes: { color: 'red' } };
  const created = await iot.send(
    new CreateThingCommand({ thingName: 'lamp', thingTypeName: 'bulb', attributePayload }),
  );
  expect(created).toMatchObject({ thingName: 'lamp', thingArn: arn('thing/lamp'), thingId: expect.any(String) });

  const merge = { attributes: { room: 'hall' }, merge: true };
  await iot.send(new UpdateThingCommand({ thingName: 'lamp', attributePayload: merge, expectedVersion: 1 }));
  expect(await iot.send(new DescribeThingCommand({ thingName: 'lamp' }))).toMatchObject({
    defaultClientId: 'lamp',
    thingName: 'lamp',
    thingId: created.thingId,
    thingArn: arn('thing/lamp'),
    thingTypeName: 'bulb',
    attributes: { color: 'red', room: 'hall' },
    version: 2,
  });

  const red = { attributeName: 'color', attributeValue: 're', usePrefixAttributeValue: true };
  expect((await iot.send(new ListThingsCommand({ ...red, thingTypeName: 'bulb' }))).things).toEqual([
    {
      thingName: 'lamp',
      thingTypeName: 'bulb',
      thingArn: arn('thing/lamp'),
      attributes: { color: 'red', room: 'hall' },
      version: 2,
    },
  ]);

  await expect(iot.send(new DeleteThingCommand({ thingName: 'lamp', expectedVersion: 1 }))).rejects.toMatchObject({
    name: 'VersionConflictException',
    $metadata: { httpStatusCode: 409 },
  });
  await iot.send(new DeleteThingCommand({ thingName: 'lamp', expectedVersion: 2 }));
  await expect(iot.send(new DescribeThingCommand({ thingName: 'lamp' }))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  });
});

test('a thing that exists differently is refused with its id and ARN', async () => {
  const { thingId } = await iot.send(new CreateThingCommand({ thingName: 'lamp' }));
  const different = new CreateThingCommand({ thingName: 'lamp', attributePayload: { attributes: { a: '1' } } });
  await expect(iot.send(different)).rejects.toMatchObject({
    name: 'ResourceAlreadyExistsException',
    resourceId: thingId,
    resourceArn: arn('thing/lamp'),
  });
});

test('a billing group, of which there are none, is not found', async () => {
  const command = new CreateThingCommand({ thingName: 'lamp', billingGroupName: 'plant' });
  await expect(iot.send(command)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
});

test('the SDK pages through things by itself', async () => {
  const names = Array.from({ length: 7 }, (_, index) => `lamp-${index}`);
  for (const thingName of names) await iot.send(new CreateThingCommand({ thingName }));
  const seen: (string | undefined)[] = [];
  for await (const { things } of paginateListThings({ client: iot, pageSize: 3 }, {})) {
    seen.push(...things!.map(thing => thing.thingName));
  }
  expect(seen).toEqual(names);
});

test('principals are attached, listed in both forms, and detached', async () => {
  await iot.send(new CreateThingCommand({ thingName: 'lamp' }));
  const exclusive = { thingPrincipalType: 'EXCLUSIVE_THING' as const };
  await iot.send(new AttachThingPrincipalCommand({ thingName: 'lamp', principal: certificate, ...exclusive }));
  const ofThing = { thingName: 'lamp' };
  const ofPrincipal = { principal: certificate };
  expect((await iot.send(new ListThingPrincipalsCommand(ofThing))).principals).toEqual([certificate]);
  expect((await iot.send(new ListPrincipalThingsCommand(ofPrincipal))).things).toEqual(['lamp']);
  expect((await iot.send(new ListThingPrincipalsV2Command(ofThing))).thingPrincipalObjects).toEqual([
    { principal: certificate, ...exclusive },
  ]);
  expect((await iot.send(new ListPrincipalThingsV2Command(ofPrincipal))).principalThingObjects).toEqual([
    { thingName: 'lamp', ...exclusive },
  ]);
  const others = { ...ofPrincipal, thingPrincipalType: 'NON_EXCLUSIVE_THING' as const };
  expect((await iot.send(new ListPrincipalThingsV2Command(others))).principalThingObjects).toEqual([]);

  await expect(iot.send(new DeleteThingCommand(ofThing))).rejects.toMatchObject({ name: 'InvalidRequestException' });
  await iot.send(new DetachThingPrincipalCommand({ thingName: 'lamp', principal: certificate }));
  await iot.send(new DeleteThingCommand(ofThing));
});

test('a thing type lives from its creation to its deletion', async () => {
  const thingTypeProperties = {
    thingTypeDescription: 'gives light',
    searchableAttributes: ['watts'],
    mqtt5Configuration: { propagatingAttributes: [{ userPropertyKey: 'site', thingAttribute: 'site' }] },
  };
  const tags = [{ Key: 'team', Value: 'light' }];
  const created = await iot.send(new CreateThingTypeCommand({ thingTypeName: 'bulb', thingTypeProperties, tags }));
  expect(created).toMatchObject({ thingTypeArn: arn('thingtype/bulb'), thingTypeId: expect.any(String) });
  const update = { thingTypeName: 'bulb', thingTypeProperties: { thingTypeDescription: 'gives more light' } };
  await iot.send(new UpdateThingTypeCommand(update));
  await iot.send(new DeprecateThingTypeCommand({ thingTypeName: 'bulb' }));
  const deprecationDate = new Date(registry.clock.now());
  const definition = {
    thingTypeName: 'bulb',
    thingTypeArn: arn('thingtype/bulb'),
    thingTypeProperties: { ...thingTypeProperties, thingTypeDescription: 'gives more light' },
    thingTypeMetadata: { deprecated: true, deprecationDate, creationDate: deprecationDate },
  };
  expect(await iot.send(new DescribeThingTypeCommand({ thingTypeName: 'bulb' }))).toMatchObject(definition);
  expect((await iot.send(new ListThingTypesCommand({}))).thingTypes).toEqual([definition]);

  const resourceArn = arn('thingtype/bulb');
  await iot.send(new TagResourceCommand({ resourceArn, tags: [{ Key: 'site', Value: 'north' }] }));
  await iot.send(new UntagResourceCommand({ resourceArn, tagKeys: ['team'] }));
  expect((await iot.send(new ListTagsForResourceCommand({ resourceArn }))).tags).toEqual([
    { Key: 'site', Value: 'north' },
  ]);

  await expect(iot.send(new DeleteThingTypeCommand({ thingTypeName: 'bulb' }))).rejects.toMatchObject({
    name: 'InvalidRequestException',
  });
  registry.clock.advance(5 * 60_000);
  await iot.send(new DeleteThingTypeCommand({ thingTypeName: 'bulb' }));
});

test('thing groups nest, hold things by name or ARN, and go', async () => {
  await iot.send(new CreateThingGroupCommand({ thingGroupName: 'house' }));
  const thingGroupProperties = {
    thingGroupDescription: 'warm',
    attributePayload: { attributes: { floor: '1' } },
  };
  const kitchen = { thingGroupName: 'kitchen', parentGroupName: 'house', thingGroupProperties };
  const created = await iot.send(new CreateThingGroupCommand(kitchen));
  const update = {
    thingGroupName: 'kitchen',
    thingGroupProperties: { thingGroupDescription: 'cold' },
    expectedVersion: 1,
  };
  expect(await iot.send(new UpdateThingGroupCommand(update))).toMatchObject({ version: 2 });
  const house = { groupName: 'house', groupArn: arn('thinggroup/house') };
  expect(await iot.send(new DescribeThingGroupCommand({ thingGroupName: 'kitchen' }))).toMatchObject({
    thingGroupId: created.thingGroupId,
    thingGroupArn: arn('thinggroup/kitchen'),
    version: 2,
    thingGroupProperties: { ...thingGroupProperties, thingGroupDescription: 'cold' },
    thingGroupMetadata: {
      parentGroupName: 'house',
      rootToParentThingGroups: [house],
      creationDate: new Date(registry.clock.now()),
    },
  });
  expect((await iot.send(new ListThingGroupsCommand({ recursive: false }))).thingGroups).toEqual([house]);

  await iot.send(new CreateThingCommand({ thingName: 'lamp' }));
  const byArn = { thingArn: arn('thing/lamp'), thingGroupArn: arn('thinggroup/kitchen') };
  await iot.send(new AddThingToThingGroupCommand(byArn));
  const recursive = { thingGroupName: 'house', recursive: true };
  expect((await iot.send(new ListThingsInThingGroupCommand(recursive))).things).toEqual(['lamp']);
  await iot.send(new RemoveThingFromThingGroupCommand({ thingName: 'lamp', thingGroupName: 'kitchen' }));
  await iot.send(new UpdateThingGroupsForThingCommand({ thingName: 'lamp', thingGroupsToAdd: ['house'] }));
  expect((await iot.send(new ListThingGroupsForThingCommand({ thingName: 'lamp' }))).thingGroups).toEqual([house]);

  await expect(iot.send(new DeleteThingGroupCommand({ thingGroupName: 'house' }))).rejects.toMatchObject({
    name: 'InvalidRequestException',
  });
  for (const thingGroupName of ['kitchen', 'house']) await iot.send(new DeleteThingGroupCommand({ thingGroupName }));
});

test.each([
  ['nothing', {}],
  ['only the thing', { thingName: 'lamp' }],
  ['an ARN of something else', { thingName: 'lamp', thingGroupArn: arn('thing/lamp') }],
  ['a name and an ARN that differ', { thingName: 'plug', thingArn: arn('thing/lamp'), thingGroupName: 'house' }],
])('a membership of %s is refused', async (_, membership) => {
  await expect(iot.send(new AddThingToThingGroupCommand(membership))).rejects.toMatchObject({
    name: 'InvalidRequestException',
  });
});

test.each([
  [undefined, 'iot-Data-ATS.localhost:8443'],
  ['iot:Data', 'iot-Data-ATS.localhost:8443'],
  ['iot:Data-ATS', 'iot-Data-ATS.localhost:8443'],
  ['iot:Jobs', 'iot-Jobs.localhost:8443'],
  ['iot:CredentialProvider', 'iot-CredentialProvider.localhost:8443'],
])('the endpoint of type %s is %s', async (endpointType, endpointAddress) => {
  expect(await iot.send(new DescribeEndpointCommand({ endpointType }))).toMatchObject({ endpointAddress });
});

test('an endpoint of another type is refused', async () => {
  await expect(iot.send(new DescribeEndpointCommand({ endpointType: 'iot:Moon' }))).rejects.toMatchObject({
    name: 'InvalidRequestException',
  });
});
