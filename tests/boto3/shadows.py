"""Shadows through boto3: what happened is printed as one JSON object for the test to judge.

usage: shadows.py ENDPOINT_URL      (credentials and region come from the usual variables)
"""
import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

data = boto3.client("iot-data", endpoint_url=sys.argv[1], config=Config(retries={"total_max_attempts": 1}))
seen = {}


def document(response):
    return json.loads(response["payload"].read())


def error_of(operation, **arguments):
    try:
        operation(**arguments)
    except ClientError as error:
        response = error.response
        return {
            "class": type(error).__name__,
            "status": response["ResponseMetadata"]["HTTPStatusCode"],
            "message": response["Error"]["Message"],
        }
    return None


def update(payload, **arguments):
    return document(data.update_thing_shadow(thingName="pump", payload=json.dumps(payload), **arguments))


seen["missing"] = error_of(data.get_thing_shadow, thingName="pump")
seen["created"] = update({"state": {"desired": {"speed": 3}}, "clientToken": "py"})
seen["reported"] = update({"state": {"reported": {"speed": 1}}, "version": 1})
seen["document"] = document(data.get_thing_shadow(thingName="pump"))
seen["conflict"] = error_of(
    data.update_thing_shadow, thingName="pump", payload=json.dumps({"state": {}, "version": 1})
)
seen["too large"] = error_of(
    data.update_thing_shadow, thingName="pump", payload=json.dumps({"state": {"reported": {"x": "x" * 9000}}})
)
seen["not UTF-8"] = error_of(data.update_thing_shadow, thingName="pump", payload=b'{"\xff":1}')
for name in ("one", "two", "three"):
    update({"state": {"reported": {"is": name}}}, shadowName=name)
pages = data.list_named_shadows_for_thing(thingName="pump", pageSize=2)
rest = data.list_named_shadows_for_thing(thingName="pump", pageSize=2, nextToken=pages["nextToken"])
seen["names"] = [pages["results"], rest["results"]]
seen["bad name"] = error_of(data.get_thing_shadow, thingName="pump", shadowName="a b")
seen["deleted"] = document(data.delete_thing_shadow(thingName="pump"))
seen["gone"] = error_of(data.delete_thing_shadow, thingName="pump")
print(json.dumps(seen))
