"""Every operation of the registry through boto3: what happened is printed as one JSON object for the test to judge.

usage: registry.py ENDPOINT_URL       (credentials and region come from the usual variables)

There are things `fleet-0000` to `fleet-0999` in thing group and billing group `fleet`, and writers at work.
"""
import json
import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

iot = boto3.client("iot", endpoint_url=sys.argv[1], config=Config(retries={"total_max_attempts": 1}))
seen = {}


def error_of(operation, **arguments):
    """Name, HTTP status and message of the refusal, with what else its shape has."""
    try:
        operation(**arguments)
    except ClientError as error:
        response = error.response
        return {
            "name": response["Error"]["Code"],
            "class": type(error).__name__,
            "status": response["ResponseMetadata"]["HTTPStatusCode"],
            "message": response["Error"]["Message"],
            "resourceId": response.get("resourceId"),
        }
    return None


def without_metadata(response):
    response.pop("ResponseMetadata", None)
    return json.loads(json.dumps(response, default=str))


def eventually(what, attempt, within=10):
    deadline = time.monotonic() + within
    while True:
        answer = attempt()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        time.sleep(0.02)


# Things: paging over a thousand while others come and go.
seen["pages"] = {
    "list_things": [
        [thing["thingName"] for thing in page["things"]]
        for page in iot.get_paginator("list_things").paginate(
            attributeName="site", attributeValue="no", usePrefixAttributeValue=True, PaginationConfig={"PageSize": 250}
        )
    ],
    "list_things_in_thing_group": [
        page["things"]
        for page in iot.get_paginator("list_things_in_thing_group").paginate(
            thingGroupName="all", recursive=True, PaginationConfig={"PageSize": 250}
        )
    ],
    "list_things_in_billing_group": [
        page["things"]
        for page in iot.get_paginator("list_things_in_billing_group").paginate(
            billingGroupName="fleet", PaginationConfig={"PageSize": 250}
        )
    ],
}
seen["of the type"] = len(iot.list_things(thingTypeName="node", maxResults=250)["things"])

# Thing types.
properties = {
    "thingTypeDescription": "gives light",
    "searchableAttributes": ["watts"],
    "mqtt5Configuration": {"propagatingAttributes": [{"userPropertyKey": "site", "thingAttribute": "site"}]},
}
iot.create_thing_type(thingTypeName="bulb", thingTypeProperties=properties, tags=[{"Key": "team", "Value": "light"}])
iot.update_thing_type(thingTypeName="bulb", thingTypeProperties={"thingTypeDescription": "gives more light"})
iot.create_thing(thingName="lamp", thingTypeName="bulb")
seen["type"] = without_metadata(iot.describe_thing_type(thingTypeName="bulb"))
iot.deprecate_thing_type(thingTypeName="bulb")
seen["deprecated"] = [
    thing_type["thingTypeMetadata"]["deprecated"]
    for thing_type in iot.list_thing_types(thingTypeName="bulb")["thingTypes"]
]
seen["type errors"] = {
    "deprecated": error_of(iot.create_thing, thingName="late", thingTypeName="bulb"),
    "waiting": error_of(iot.delete_thing_type, thingTypeName="bulb"),
    "different": error_of(iot.create_thing_type, thingTypeName="bulb"),
    "unknown": error_of(iot.describe_thing_type, thingTypeName="none"),
}
iot.deprecate_thing_type(thingTypeName="bulb", undoDeprecate=True)
iot.create_thing_type(thingTypeName="tube")
iot.deprecate_thing_type(thingTypeName="tube")

# Static groups, principals and what is inherited.
iot.create_thing_group(thingGroupName="house", tags=[{"Key": "k", "Value": "v"}])
iot.create_thing_group(
    thingGroupName="kitchen",
    parentGroupName="house",
    thingGroupProperties={"thingGroupDescription": "warm", "attributePayload": {"attributes": {"floor": "1"}}},
)
iot.update_thing_group(
    thingGroupName="kitchen",
    thingGroupProperties={"attributePayload": {"attributes": {"floor": "2"}, "merge": True}},
    expectedVersion=1,
)
iot.add_thing_to_thing_group(thingName="lamp", thingGroupName="kitchen")
seen["group"] = without_metadata(iot.describe_thing_group(thingGroupName="kitchen"))
seen["groups"] = [group["groupName"] for group in iot.list_thing_groups(parentGroup="house", recursive=True)["thingGroups"]]
seen["group of"] = [group["groupName"] for group in iot.list_thing_groups_for_thing(thingName="lamp")["thingGroups"]]

document = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:*","Resource":"*"}]}'
iot.create_policy(policyName="all", policyDocument=document)
house = iot.describe_thing_group(thingGroupName="house")["thingGroupArn"]
iot.attach_policy(policyName="all", target=house)
seen["effective"] = [
    policy["policyName"] for policy in iot.get_effective_policies(thingName="lamp")["effectivePolicies"]
]
certificate = iot.create_keys_and_certificate(setAsActive=True)
arn = certificate["certificateArn"]
iot.attach_thing_principal(thingName="lamp", principal=arn, thingPrincipalType="EXCLUSIVE_THING")
seen["principals"] = [
    iot.list_thing_principals(thingName="lamp")["principals"] == [arn],
    iot.list_thing_principals_v2(thingName="lamp")["thingPrincipalObjects"][0]["thingPrincipalType"],
    iot.list_principal_things(principal=arn)["things"],
    iot.list_principal_things_v2(principal=arn)["principalThingObjects"],
]
seen["principal errors"] = {
    "exclusive": error_of(iot.attach_thing_principal, thingName="fleet-0001", principal=arn),
    "still attached": error_of(iot.delete_thing, thingName="lamp"),
    "no principal": error_of(iot.attach_thing_principal, thingName="lamp", principal="me"),
}
iot.detach_thing_principal(thingName="lamp", principal=arn)
seen["group errors"] = {
    "one hierarchy": error_of(iot.add_thing_to_thing_group, thingName="lamp", thingGroupName="house"),
    "children": error_of(iot.delete_thing_group, thingGroupName="house"),
    "old version": error_of(
        iot.update_thing_group, thingGroupName="kitchen", thingGroupProperties={}, expectedVersion=1
    ),
    "different": error_of(iot.create_thing_group, thingGroupName="kitchen"),
    "no parent": error_of(iot.create_thing_group, thingGroupName="attic", parentGroupName="none"),
    "unknown": error_of(iot.add_thing_to_thing_group, thingName="lamp", thingGroupName="none"),
    "nothing named": error_of(iot.add_thing_to_thing_group, thingGroupName="kitchen"),
}
iot.update_thing_groups_for_thing(thingName="lamp", thingGroupsToRemove=["kitchen"], thingGroupsToAdd=["house"])
iot.remove_thing_from_thing_group(thingName="lamp", thingGroupName="house")
iot.delete_thing_group(thingGroupName="kitchen", expectedVersion=2)

# Billing groups.
billing = iot.create_billing_group(
    billingGroupName="plant", billingGroupProperties={"billingGroupDescription": "steel"}, tags=[{"Key": "k"}]
)
iot.update_billing_group(
    billingGroupName="plant", billingGroupProperties={"billingGroupDescription": "iron"}, expectedVersion=1
)
iot.create_thing(thingName="billed", billingGroupName="plant")
iot.add_thing_to_billing_group(thingName="lamp", billingGroupArn=billing["billingGroupArn"])
seen["billing"] = {
    "group": without_metadata(iot.describe_billing_group(billingGroupName="plant")),
    "things": iot.list_things_in_billing_group(billingGroupName="plant")["things"],
    "thing": iot.describe_thing(thingName="billed")["billingGroupName"],
    "groups": [group["groupName"] for group in iot.list_billing_groups(namePrefixFilter="pl")["billingGroups"]],
}
seen["billing errors"] = {
    "elsewhere": error_of(iot.add_thing_to_billing_group, thingName="lamp", billingGroupName="fleet"),
    "old version": error_of(iot.delete_billing_group, billingGroupName="plant", expectedVersion=1),
    "different": error_of(iot.create_billing_group, billingGroupName="plant"),
    "unknown": error_of(iot.create_thing, thingName="unbilled", billingGroupName="none"),
    "different thing": error_of(iot.create_thing, thingName="billed", billingGroupName="fleet"),
}
iot.remove_thing_from_billing_group(thingName="lamp", billingGroupName="plant")
iot.delete_billing_group(billingGroupName="plant", expectedVersion=2)
seen["billing"]["after"] = iot.describe_thing(thingName="billed").get("billingGroupName")

# Dynamic groups.
seen["indexing off"] = error_of(iot.create_dynamic_thing_group, thingGroupName="hot", queryString="attributes.t>60")
iot.update_indexing_configuration(thingIndexingConfiguration={"thingIndexingMode": "REGISTRY_AND_SHADOW"})
created = iot.create_dynamic_thing_group(
    thingGroupName="hot", queryString="attributes.t>60", tags=[{"Key": "k", "Value": "v"}]
)
seen["dynamic"] = {key: created[key] for key in ("indexName", "queryString", "queryVersion")}


def is_active():
    return iot.describe_thing_group(thingGroupName="hot")["status"] == "ACTIVE"


def hot():
    return iot.list_things_in_thing_group(thingGroupName="hot")["things"]


eventually("the group is ACTIVE", is_active)
seen["indexing in use"] = error_of(
    iot.update_indexing_configuration, thingIndexingConfiguration={"thingIndexingMode": "OFF"}
)
iot.update_thing(thingName="lamp", attributePayload={"attributes": {"t": "61"}})
seen["dynamic"]["joined"] = eventually("the lamp is hot", hot)
seen["dynamic errors"] = {
    "by hand": error_of(iot.add_thing_to_thing_group, thingName="lamp", thingGroupName="hot"),
    "policy": error_of(iot.attach_policy, policyName="all", target=created["thingGroupArn"]),
    "static update": error_of(iot.update_thing_group, thingGroupName="hot", thingGroupProperties={}),
    "static delete": error_of(iot.delete_thing_group, thingGroupName="hot"),
    "bad query": error_of(iot.create_dynamic_thing_group, thingGroupName="bad", queryString="attributes.t:("),
    "different": error_of(iot.create_dynamic_thing_group, thingGroupName="hot", queryString="attributes.t>70"),
    "old version": error_of(
        iot.update_dynamic_thing_group, thingGroupName="hot", thingGroupProperties={}, expectedVersion=9
    ),
}
iot.update_dynamic_thing_group(thingGroupName="hot", thingGroupProperties={}, queryString="attributes.t>65")
eventually("the lamp is hot no more", lambda: is_active() and not hot())
iot.update_thing(thingName="lamp", attributePayload={"attributes": {"t": "70"}})
eventually("the lamp is hot again", hot)
iot.update_thing(thingName="lamp", attributePayload={"attributes": {"t": "1"}})
eventually("the lamp has cooled", lambda: not hot())
iot.delete_dynamic_thing_group(thingGroupName="hot")

# A query of the shadow fits things as soon as shadows are indexed.
iot.create_dynamic_thing_group(thingGroupName="on", queryString="shadow.reported.on:true")
boto3.client("iot-data", endpoint_url=sys.argv[1]).update_thing_shadow(
    thingName="lamp", payload='{"state":{"reported":{"on":true}}}'
)
seen["shining"] = eventually(
    "the lamp shines", lambda: iot.list_things_in_thing_group(thingGroupName="on")["things"]
)
iot.update_indexing_configuration(thingIndexingConfiguration={"thingIndexingMode": "REGISTRY"})
eventually("its shadow counts no more", lambda: not iot.list_things_in_thing_group(thingGroupName="on")["things"])
iot.delete_dynamic_thing_group(thingGroupName="on")

# Tags.
for resource in ("thingtype/bulb", "thinggroup/house", "billinggroup/fleet"):
    resource_arn = arn.split(":cert/")[0] + ":" + resource
    iot.tag_resource(resourceArn=resource_arn, tags=[{"Key": "owner", "Value": "me"}])
    iot.untag_resource(resourceArn=resource_arn, tagKeys=["team", "k"])
    seen.setdefault("tags", {})[resource] = iot.list_tags_for_resource(resourceArn=resource_arn)["tags"]
seen["tag errors"] = {
    "thing": error_of(iot.tag_resource, resourceArn=arn.split(":cert/")[0] + ":thing/lamp", tags=[{"Key": "a"}]),
    "unknown": error_of(iot.list_tags_for_resource, resourceArn=arn.split(":cert/")[0] + ":billinggroup/none"),
}

# A device from a template.
template = {
    "Parameters": {"Serial": {"Type": "String"}, "Place": {"Type": "String", "Default": "Oslo"}, "Id": {"Type": "String"}},
    "Mappings": {"Sites": {"Oslo": {"Group": "house"}}},
    "Resources": {
        "device": {
            "Type": "AWS::IoT::Thing",
            "Properties": {
                "ThingName": {"Fn::Join": ["-", ["device", {"Ref": "Serial"}]]},
                "ThingTypeName": "bulb",
                "AttributePayload": {"serial": {"Ref": "Serial"}, "site": {"Fn::Sub": "${Place}-1"}},
                "ThingGroups": [{"Fn::FindInMap": ["Sites", {"Ref": "Place"}, "Group"]}],
                "BillingGroup": "fleet",
            },
            "OverrideSettings": {"AttributePayload": "MERGE", "ThingGroups": "FAIL"},
        },
        "identity": {"Type": "AWS::IoT::Certificate", "Properties": {"CertificateId": {"Ref": "Id"}}},
        "permission": {"Type": "AWS::IoT::Policy", "Properties": {"PolicyName": "all"}},
    },
}


def register(**parameters):
    return iot.register_thing(
        templateBody=json.dumps(template), parameters={"Id": certificate["certificateId"], **parameters}
    )


registered = register(Serial="7")
seen["registered"] = {
    "pem": registered["certificatePem"] == certificate["certificatePem"],
    "arns": registered["resourceArns"],
    "thing": without_metadata(iot.describe_thing(thingName="device-7")),
    "groups": [group["groupName"] for group in iot.list_thing_groups_for_thing(thingName="device-7")["thingGroups"]],
    "policies": [policy["policyName"] for policy in iot.list_attached_policies(target=arn)["policies"]],
    "principals": iot.list_thing_principals(thingName="device-7")["principals"] == [arn],
}
register(Serial="7")
iot.remove_thing_from_thing_group(thingName="device-7", thingGroupName="house")
seen["registration errors"] = {
    "conflict": error_of(register, Serial="7"),
    "no value": error_of(register),
    "no template": error_of(iot.register_thing, templateBody="{}"),
    "unknown type": error_of(
        iot.register_thing, templateBody=json.dumps(template).replace("bulb", "none"), parameters={"Serial": "8", "Id": "f" * 64}
    ),
}

# A bulk registration with nowhere to read from.
task = iot.start_thing_registration_task(
    templateBody=json.dumps(template), inputFileBucket="files", inputFileKey="devices.json", roleArn="arn:aws:iam::1:role/r"
)["taskId"]
eventually("the task has failed", lambda: iot.describe_thing_registration_task(taskId=task)["status"] == "Failed")
seen["task"] = without_metadata(iot.describe_thing_registration_task(taskId=task))
seen["tasks"] = iot.list_thing_registration_tasks(status="Failed")["taskIds"] == [task]
seen["reports"] = iot.list_thing_registration_task_reports(taskId=task, reportType="ERRORS")["resourceLinks"]
seen["task errors"] = {
    "over": error_of(iot.stop_thing_registration_task, taskId=task),
    "unknown": error_of(iot.describe_thing_registration_task, taskId="none"),
}

seen["thing errors"] = {
    "different": error_of(iot.create_thing, thingName="lamp"),
    "old version": error_of(iot.update_thing, thingName="lamp", expectedVersion=1, attributePayload={"attributes": {}}),
    "unknown": error_of(iot.describe_thing, thingName="none"),
    "unknown type": error_of(iot.create_thing, thingName="new", thingTypeName="none"),
    "value alone": error_of(iot.list_things, attributeValue="x"),
    "bad token": error_of(iot.list_things, nextToken="abcd"),
    "too many attributes": error_of(
        iot.create_thing, thingName="new", attributePayload={"attributes": {str(n): "x" for n in range(4)}}
    ),
}
iot.delete_thing(thingName="billed")
seen["gone"] = error_of(iot.describe_thing, thingName="billed")["name"]
print(json.dumps(seen))
