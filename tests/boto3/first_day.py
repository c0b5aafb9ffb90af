"""A device's first day through boto3: what happened is printed as one JSON object for the test to judge.

usage: first_day.py ENDPOINT_URL      (credentials and region come from the usual variables)
"""
import datetime
import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

config = Config(retries={"total_max_attempts": 1})
iot = boto3.client("iot", endpoint_url=sys.argv[1], config=config)
data = boto3.client("iot-data", endpoint_url=sys.argv[1], config=config)

EVERYTHING = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iot:*", "Resource": "*"}]}
)
seen = {}


def error_of(operation, **arguments):
    """Name, HTTP status and message of the refusal."""
    try:
        operation(**arguments)
    except ClientError as error:
        modelled = type(error).__name__
        response = error.response
        return {
            "name": response["Error"]["Code"],
            "class": modelled,
            "status": response["ResponseMetadata"]["HTTPStatusCode"],
            "message": response["Error"]["Message"],
        }
    return None


certificate = iot.create_keys_and_certificate(setAsActive=True)
arn, certificate_id = certificate["certificateArn"], certificate["certificateId"]
seen["requestId"] = certificate["ResponseMetadata"]["RequestId"]
iot.create_policy(policyName="python", policyDocument=EVERYTHING)
iot.attach_policy(policyName="python", target=arn)
iot.create_thing(thingName="python", attributePayload={"attributes": {"site": "lab"}})
iot.attach_thing_principal(thingName="python", principal=arn)
described = iot.describe_certificate(certificateId=certificate_id)["certificateDescription"]
seen["certificate"] = {
    "status": described["status"],
    "creationDate": described["creationDate"].isoformat(),
    "isDate": isinstance(described["creationDate"], datetime.datetime),
    "validForYears": (described["validity"]["notAfter"] - described["validity"]["notBefore"]).days // 365,
}
thing = iot.describe_thing(thingName="python")
seen["thing"] = {key: thing[key] for key in ("thingName", "attributes", "version", "defaultClientId")}
seen["endpoint"] = iot.describe_endpoint(endpointType="iot:Data-ATS")["endpointAddress"]
seen["principals"] = iot.list_thing_principals(thingName="python")["principals"] == [arn]

for number in range(7):
    iot.create_thing(thingName=f"page-{number}", attributePayload={"attributes": {"page": "yes"}})
pages = iot.get_paginator("list_things").paginate(
    attributeName="page", attributeValue="yes", PaginationConfig={"PageSize": 3}
)
seen["pages"] = [[item["thingName"] for item in page["things"]] for page in pages]

seen["update"] = [
    iot.update_thing(thingName="python", attributePayload={"attributes": {"rack": "3"}, "merge": True}, expectedVersion=1)
    and iot.describe_thing(thingName="python")["attributes"],
    iot.update_thing(thingName="python", attributePayload={"attributes": {"site": ""}, "merge": True})
    and iot.describe_thing(thingName="python")["attributes"],
]
seen["published"] = data.publish(topic="python/hello", qos=1, payload=b"hello")["ResponseMetadata"]["HTTPStatusCode"]

seen["authorization"] = [
    result["authDecision"]
    for result in iot.test_authorization(
        principal=arn,
        clientId="python",
        authInfos=[{"actionType": "PUBLISH", "resources": [arn.split(":cert/")[0] + ":topic/anything"]}],
    )["authResults"]
]

seen["errors"] = {
    "no such thing": error_of(iot.describe_thing, thingName="nobody"),
    "no such policy": error_of(iot.get_policy, policyName="nobody"),
    "bad name": error_of(iot.create_thing, thingName="not/a/name"),
    "bad policy": error_of(iot.create_policy, policyName="bad", policyDocument='{"Version":"2012-10-17"}'),
    "same policy again": error_of(iot.create_policy, policyName="python", policyDocument=EVERYTHING),
    "old version": error_of(iot.update_thing, thingName="python", expectedVersion=99, attributePayload={"attributes": {}}),
    "policy in use": error_of(iot.delete_policy, policyName="python"),
    "certificate active": error_of(iot.delete_certificate, certificateId=certificate_id),
    "unreadable CSR": error_of(iot.create_certificate_from_csr, certificateSigningRequest="no request"),
    "thing with principal": error_of(iot.delete_thing, thingName="python"),
}
print(json.dumps(seen))
