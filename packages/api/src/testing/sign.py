"""Signs requests as boto3 does, for a second opinion: JSON lines in, JSON lines out."""
import datetime
import json
import sys
from unittest import mock

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

for line in sys.stdin:
    job = json.loads(line)
    now = datetime.datetime.strptime(job["date"], "%Y%m%dT%H%M%SZ")
    credentials = Credentials(job["accessKeyId"], job["secretAccessKey"], job.get("token"))
    request = AWSRequest(
        method=job["method"],
        url=job["url"],
        headers=job["headers"],
        data=bytes(job["body"], "utf-8"),
    )
    signer = botocore.auth.SigV4QueryAuth if job["presign"] else botocore.auth.SigV4Auth
    with mock.patch("botocore.auth.get_current_datetime", lambda: now):
        signer(credentials, job["service"], job["region"]).add_auth(request)
    print(json.dumps({"url": request.url, "headers": dict(request.headers.items())}))
