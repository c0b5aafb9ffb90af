"""Serves a Chalice application unmodified: HTTP on a free port of 127.0.0.1, and its queues as Lambda polls them.

usage: serve.py DIRECTORY        the application's, with its app.py; it is configured by the environment alone

stdout's first line is `serving http://…`; what the application logs goes to stderr.
"""
import json
import logging
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qsl, urlsplit

import boto3
from chalice import SQSRecord  # the stand-in beside this file, so that the application finds the same

sys.path.insert(1, sys.argv[1])
logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")
from app import app  # noqa: E402  it reads the environment and makes its clients


class Gateway(BaseHTTPRequestHandler):
    """API Gateway: a request is one call of the application."""

    def answer(self):
        url = urlsplit(self.path)
        response = app.respond(self.command, url.path, dict(parse_qsl(url.query)))
        body = b"" if response.body is None else json.dumps(response.body).encode()
        self.send_response(response.status_code)
        for name, value in {"Content-Type": "application/json", **response.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = answer

    def log_request(self, *_):
        pass


def poll(handler):
    """Lambda: what a handler got without an error is deleted, where it did not do so itself; the rest comes back."""
    sqs = boto3.client("sqs")
    queue = sqs.get_queue_url(QueueName=handler.queue)["QueueUrl"]
    while True:
        received = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=handler.batch_size, WaitTimeSeconds=1)
        messages = received.get("Messages", [])
        if not messages:
            continue
        try:
            handler.handle([SQSRecord(message["Body"], message["ReceiptHandle"]) for message in messages])
        except Exception:
            app.log.exception("the handler of %s failed", handler.queue)
            continue
        for message in messages:
            try:
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            except sqs.exceptions.ReceiptHandleIsInvalid:
                pass  # the handler has deleted it


for queue_handler in app.queue_handlers:
    threading.Thread(target=poll, args=[queue_handler], daemon=True).start()
server = HTTPServer(("127.0.0.1", 0), Gateway)
print(f"serving http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
