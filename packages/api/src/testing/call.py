"""Calls operations through boto3, one after the other: JSON lines in, JSON lines out. Argument: the endpoint."""
import base64
import datetime
import json
import sys

import boto3
from botocore import xform_name
from botocore.config import Config
from botocore.response import StreamingBody


def decode(value):
    if isinstance(value, dict):
        if "$date" in value:
            return datetime.datetime.fromisoformat(value["$date"].replace("Z", "+00:00"))
        if "$blob" in value:
            return base64.b64decode(value["$blob"])
        return {key: decode(item) for key, item in value.items()}
    return [decode(item) for item in value] if isinstance(value, list) else value


def encode(value):
    if isinstance(value, dict):
        return {key: encode(item) for key, item in value.items()}
    if isinstance(value, list):
        return [encode(item) for item in value]
    if isinstance(value, datetime.datetime):
        time = value.astimezone(datetime.timezone.utc).isoformat(timespec="milliseconds")
        return {"$date": time.replace("+00:00", "Z")}
    if isinstance(value, StreamingBody):
        value = value.read()
    return {"$blob": base64.b64encode(value).decode()} if isinstance(value, bytes) else value


config = Config(retries={"total_max_attempts": 1}, region_name="eu-west-1")
clients = {}
for line in sys.stdin:
    job = json.loads(line)
    service = job["service"]
    if service not in clients:
        clients[service] = boto3.client(service, endpoint_url=sys.argv[1], config=config)
    client = clients[service]
    if job["operation"] not in client.meta.service_model.operation_names:
        answer = {"unknown": True}
    else:
        try:
            output = getattr(client, xform_name(job["operation"]))(**decode(job["input"]))
            output.pop("ResponseMetadata")
            answer = {"output": encode(output)}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
